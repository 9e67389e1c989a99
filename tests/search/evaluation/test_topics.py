"""Topics are read whole or refused with their line."""

import gzip
from pathlib import Path

import pytest

from search.errors import BadTopics
from search.evaluation import topics


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "topics"
    path.write_text(text, encoding="utf-8")
    return path


def test_tab_separated_topics_keep_their_order_and_their_signs(tmp_path: Path) -> None:
    path = write(tmp_path, "7\tTNF-α: a\tb?\r\n\n3\t heart attack \n")
    assert topics.read(path) == [("7", "TNF-α: a\tb?"), ("3", "heart attack")]


def test_beir_queries_are_read_plain_and_gzipped(tmp_path: Path) -> None:
    line = '{"_id": "PLAIN-2", "text": "Do statins cause cancer?", "metadata": {}}\n{"_id": 5, "text": "x"}\n'
    packed = tmp_path / "queries.jsonl.gz"
    packed.write_bytes(gzip.compress(line.encode()))
    expected = [("PLAIN-2", "Do statins cause cancer?"), ("5", "x")]
    assert topics.read(write(tmp_path, line)) == expected
    assert topics.read(packed) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no topics"),
        ("1\ta\n2 no tab\n", "Line 2 .* is not `id<TAB>query`: '2 no tab'"),
        ("1\ta\n1\tb\n", "has id '1' twice"),
        ("1\t \n", "topic '1' has no query"),
        ("a b\tquery\n", "id 'a b' is empty or has spaces"),
        ('{"_id": "1"}\n', "Line 1 .* lacks `_id` and `text`"),
        ('{"_id": "1", \n', "Line 1 .* is not JSON"),
        ('{"_id": true, "text": "a"}\n', "Line 1 .* lacks `_id` and `text`"),
    ],
)
def test_a_line_that_is_no_topic_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadTopics, match=said):
        topics.read(write(tmp_path, text))


def test_a_file_that_is_not_utf8_or_a_broken_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "topics"
    path.write_bytes(b"1\tna\xefve\n")
    with pytest.raises(BadTopics, match="not UTF-8"):
        topics.read(path)
    path.write_bytes(gzip.compress(b"".join(b"%d\tx\n" % at for at in range(50)))[:-12])
    with pytest.raises(BadTopics, match="Cannot read"):
        topics.read(path)
