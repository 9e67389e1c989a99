"""Judgements are read whole, in both forms, or refused with the number of the line that is wrong."""

import gzip
from pathlib import Path

import pytest

from search.errors import BadQrels
from search.evaluation import qrels

HEADER = "query-id\tcorpus-id\tscore\n"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "qrels"
    path.write_text(text, encoding="utf-8")
    return path


def test_trec_lines_and_beir_tables_say_the_same(tmp_path: Path) -> None:
    expected = {"7": {"a": 2, "b": 0}, "3": {"a": -1}}
    trec = "7 0 a 2\n7\t0\tb\t0\r\n\n3  Q0 a -1\n"
    assert qrels.read(write(tmp_path, trec)) == expected
    assert qrels.read(write(tmp_path, f"\ufeff{HEADER}7\ta\t2\n7\tb\t0\n3\ta\t-1\n")) == expected
    packed = tmp_path / "qrels.gz"
    packed.write_bytes(gzip.compress(trec.encode()))
    assert qrels.read(packed) == expected


def test_topics_keep_the_order_of_the_file(tmp_path: Path) -> None:
    assert list(qrels.read(write(tmp_path, "10 0 a 1\n9 0 a 1\n10 0 b 1\n"))) == ["10", "9"]


def test_a_judgement_that_is_repeated_counts_once(tmp_path: Path) -> None:
    assert qrels.read(write(tmp_path, "1 0 a 1\n1 0 b 0\n1 0 a 1\n")) == {"1": {"a": 1, "b": 0}}


def test_judgements_that_contradict_each_other_are_named_by_both_lines(tmp_path: Path) -> None:
    with pytest.raises(BadQrels, match=r"Line 4 .* 'a' of topic '1' grade 0, but line 1 gave it 1\. Keep one"):
        qrels.read(write(tmp_path, "1 0 a 1\n1 0 a 1\n\n1 0 a 0\n"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no judgements"),
        (HEADER, "holds no judgements"),
        ("1 0 a 1\n1 a 1\n", r"Line 2 .* has 3 columns, not the 4 of `topic 0 document grade`: '1 a 1'\. \(A BEIR"),
        ("1 0 a 1 x\n", "Line 1 .* has 5 columns"),
        ("1 0 a 1.0\n", "Line 1 .* grade '1.0' is no whole number"),
        ("1 0 a yes\n", "grade 'yes' is no whole number"),
        ("1 0 a 1_0\n", "grade '1_0' is no whole number"),
        ("1 0 a 1001\n", "grade 1001 is not between -1000 and 1000"),
        (f"{HEADER}1\ta\n", "Line 2 .* has 2 columns, not the 3 of its header"),
        (f"{HEADER}1\t\t1\n", "Line 2 .*: id '' is empty or has spaces"),
        (f"{HEADER}1\ta b\t1\n", "Line 2 .*: id 'a b' is empty or has spaces"),
        (f"{HEADER}1\ta\t\n", "Line 2 .*: grade '' is no whole number"),
    ],
)
def test_a_line_that_is_no_judgement_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadQrels, match=said):
        qrels.read(write(tmp_path, text))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadQrels, match="Cannot read qrels file"):
        qrels.read(tmp_path / "none")
    path = tmp_path / "qrels"
    path.write_bytes(b"1 0 na\xefve 1\n")
    with pytest.raises(BadQrels, match=r"Qrels file .* is not UTF-8"):
        qrels.read(path)
