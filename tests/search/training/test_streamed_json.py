import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.training import streamed_json
from search.training.errors import BadTrainingData
from search.training.streamed_json import entries

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(
    value=st.dictionaries(st.text(max_size=5), VALUES, max_size=6) | st.lists(VALUES, max_size=6),
    indent=st.sampled_from([None, 1]),
    chunk=st.integers(1, 20),
)
def test_the_entries_are_those_that_json_itself_finds(
    value: dict[str, Any] | list[Any], indent: int | None, chunk: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("json") / "file.json"
    path.write_text(json.dumps(value, indent=indent, ensure_ascii=False), encoding="utf-8", errors="surrogatepass")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streamed_json, "_CHUNK", chunk)
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            with pytest.raises(BadTrainingData):
                list(entries(path))
            return
        found = list(entries(path))
    assert text
    expected = value.items() if isinstance(value, dict) else ((str(n), one) for n, one in enumerate(value, start=1))
    assert found == list(expected)


def test_a_packed_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file.json.gz"
    path.write_bytes(gzip.compress(b'{"1": ["a", "b"]}'))
    assert list(entries(path)) == [("1", ["a", "b"])]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "opens with ''"),
        ("7", "opens with '7'"),
        ('{"1": 2', "entry 1: '' stands where"),
        ('{"1": 2, "3" 4}', "entry 2: '3' is no key"),
        ("{1: 2}", "entry 1: '1' is no key"),
        ("[1 2]", "entry 1: '2' stands where ',' or ']' was awaited"),
        ("[1, ]", "entry 2: Expecting value"),
        ("[", "entry 1: it breaks off"),
        ("[1,", "entry 2: it breaks off"),
        ('{"1":  ', "entry 1: it breaks off"),
        ("[1] [2]", r"entry 2: '\[' stands after the end"),
        ('{"1": 2}\n{"3": 4}\n', "entry 2: '{' stands after the end"),
        pytest.param("[" * 100_000, "entry 1: ", id="deep"),
        pytest.param(f"[{'9' * 5000}]", "entry 1: ", id="long number"),
    ],
)
def test_what_is_no_json_is_named_by_its_entry(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "file.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadTrainingData, match=said):
        list(entries(path))
