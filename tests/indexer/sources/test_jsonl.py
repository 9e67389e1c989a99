import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest

from indexer import order
from indexer.article import Article, Author, MeshHeading, Qualifier
from indexer.article_json import from_json, record_digest, to_json
from indexer.order import Stamp
from indexer.sources import BrokenSource, Item, Rejected, read

STAMP = Stamp(2026, 7)


def read_lines(folder: Path, *lines: bytes, name: str = "f.jsonl") -> list[Item]:
    path = folder / name
    path.write_bytes(b"\n".join(lines))
    return list(read(path, STAMP))


def one(folder: Path, **fields: Any) -> Article:
    (item,) = read_lines(folder, orjson.dumps(fields))
    assert isinstance(item, Article), item
    return item


def fault(folder: Path, **fields: Any) -> str:
    (item,) = read_lines(folder, orjson.dumps(fields))
    assert isinstance(item, Rejected), item
    return item.reason


def test_unknown_fields_are_kept_in_extra(tmp_path: Path) -> None:
    article = one(tmp_path, id="A-1", title="T", abstract="B", colour="red", extra={"size": 3})
    assert (article.id, article.title, article.abstract, article.pmid) == ("A-1", "T", "B", "")
    assert article.extra == {"colour": "red", "size": 3}
    assert (article.order, article.source) == (order.pack(STAMP, position=0), "f.jsonl")


def test_beir_names_are_understood(tmp_path: Path) -> None:
    article = one(tmp_path, _id="MED-10", title="T", text="B", metadata={"url": "u"})
    assert (article.id, article.abstract, article.extra) == ("MED-10", "B", {"metadata": {"url": "u"}})


@pytest.mark.parametrize("empty", ["", None])
def test_a_field_that_says_nothing_does_not_hide_the_beir_name(tmp_path: Path, empty: str | None) -> None:
    article = one(tmp_path, id=empty, _id="MED-10", title="T", text="B", abstract=empty)
    assert (article.id, article.abstract, article.extra) == ("MED-10", "B", {})


def test_two_numbers_of_over_64_bits_are_not_one_id(tmp_path: Path) -> None:
    items = read_lines(tmp_path, b'{"id": 123456789012345678901}', b'{"id": 123456789012345678902}')
    assert [type(item) for item in items] == [Rejected, Rejected]


@pytest.mark.parametrize("depth", [101, 300, 900, 100_000])
def test_values_deep_within_each_other_reject_their_line(tmp_path: Path, depth: int) -> None:
    deep = b'{"id": "1", "note": ' + b"[" * depth + b"]" * depth + b"}"
    bad, good = read_lines(tmp_path, deep, b'{"id": "2"}')
    assert (type(bad), good.id) == (Rejected, "2")


def test_values_less_deep_are_stored(tmp_path: Path) -> None:
    article = one(tmp_path, id="1", note=orjson.loads(b"[" * 98 + b"]" * 98), many=[[]] * 200)
    assert record_digest(article)
    assert from_json(to_json(article)) == article


def test_an_author_may_have_a_whole_name(tmp_path: Path) -> None:
    article = one(tmp_path, id="1", authors=[{"name": "J Smith"}, {"name": "Long VK", "affiliations": ["Oslo."]}])
    assert article.authors == (
        Author(last_name="J Smith"),
        Author(last_name="Long", initials="VK", affiliations=("Oslo.",)),
    )
    assert article.extra == {}


@pytest.mark.parametrize("empty", ["", None])
def test_empty_parts_do_not_hide_a_whole_name(tmp_path: Path, empty: str | None) -> None:
    article = one(tmp_path, id="1", authors=[{"name": "Long VK", "last_name": empty, "initials": empty}])
    assert article.authors == (Author(last_name="Long", initials="VK"),)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("authors", [{"name": "Long VK", "authorId": "17"}]),
        ("authors", [{"authorId": "17"}]),
        ("mesh", [{"name": "Ice", "tree": "G1"}]),
        ("mesh", [{"name": "Ice", "qualifiers": [{"name": "history", "tree": "G1"}]}]),
    ],
)
def test_what_an_item_says_beyond_our_fields_is_kept(tmp_path: Path, name: str, value: list[Any]) -> None:
    article = one(tmp_path, id="1", **{name: value})
    assert article.extra == {name: value}
    assert all(part != Author() for part in article.authors)


def test_the_pmid_is_the_id_where_there_is_none(tmp_path: Path) -> None:
    article = one(tmp_path, pmid=123, title="T")
    assert (article.id, article.pmid) == ("123", "123")


def test_what_to_json_writes_is_read_back(tmp_path: Path) -> None:
    article = Article(
        id="7",
        order=order.pack(STAMP, position=0, version=2),
        version=2,
        title="T",
        authors=(Author(last_name="Long", affiliations=("Oslo.",), equal_contribution=True),),
        mesh=(MeshHeading(name="Ice", qualifiers=(Qualifier(name="history", major=True),)),),
        other_ids={"mid": "N1"},
        year=2009,
        keywords=("a", "b"),
        extra={"x": [1, None]},
        source="f.jsonl",
    )
    assert read_lines(tmp_path, to_json(article)) == [article]


@pytest.mark.parametrize(("given", "year"), [("2009", 2009), (2009, 2009), ("", None), (None, None), ("n.d.", None)])
def test_years_as_people_write_them(tmp_path: Path, given: object, year: int | None) -> None:
    assert one(tmp_path, id="1", year=given).year == year


def test_lists_may_be_of_strings(tmp_path: Path) -> None:
    article = one(tmp_path, id="1", mesh=["Ice", "Snow"], authors=["Long VK", "Berg, Tor", "Ice Group"], keywords="k")
    assert article.mesh == (MeshHeading(name="Ice"), MeshHeading(name="Snow"))
    assert article.authors == (
        Author(last_name="Long", initials="VK"),
        Author(last_name="Berg", fore_name="Tor", initials="T"),
        Author(collective="Ice Group"),
    )
    assert article.keywords == ("k",)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"title": "T"}, "its id is empty"),
        ({"id": "  "}, "its id is empty"),
        ({"id": "a\tb"}, "its id holds U+0009, a character that cannot be seen"),
        ({"id": "a\u00a0b"}, "its id holds U+00A0, a character that cannot be seen"),
        ({"id": 1.5}, "'id' must be a string or a whole number of at most 64 bits, not '1.5'"),
        ({"id": "1", "pmid": 7.0}, "'pmid' must be a string or a whole number of at most 64 bits"),
        ({"id": "x" * 513}, "its id is longer than 512 bytes"),
        ({"id": ["x"]}, "'id' must be a string, not"),
        ({"id": "1", "title": ["x"]}, "'title' must be a string, not"),
        ({"id": "1", "authors": [3]}, "'authors' must be an object, not '3'"),
        ({"id": "1", "mesh": [{"ui": "D1"}]}, "'mesh' must be an object with 'name', not"),
        ({"id": "1", "mesh": [{"name": "a", "major": "Y"}]}, "'mesh.major' must be true or false, not 'Y'"),
        ({"id": "1", "version": "two"}, "'version' must be a whole number, not 'two'"),
    ],
)
def test_a_bad_field_rejects_its_line_with_the_reason(tmp_path: Path, fields: dict[str, Any], reason: str) -> None:
    assert fault(tmp_path, **fields).startswith(reason)


def test_bad_lines_are_rejected_by_line_number(tmp_path: Path) -> None:
    items = read_lines(
        tmp_path, b'{"id": "1"}', b"", b"{oops", b"[1]", b'{"id": "2", "title": "\\ud800"}', b'{"id": "3"}'
    )
    rejected = [item for item in items if isinstance(item, Rejected)]
    assert [item.position for item in rejected] == [3, 4, 5]
    assert rejected[1].reason == "not a JSON object but list"
    assert [item.id for item in items if isinstance(item, Article)] == ["1", "3"]


def test_a_torn_last_line_breaks_the_file_after_the_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_bytes(b'{"id": "1"}\n{"id": "2", "ti')
    stream = read(path, STAMP)
    assert next(stream).id == "1"
    with pytest.raises(BrokenSource, match="record 2: its last line is cut off"):
        next(stream)


def test_a_line_of_many_pieces_is_joined_and_one_without_end_is_refused(tmp_path: Path) -> None:
    text = "x" * 200_000
    (item, _) = read_lines(tmp_path, orjson.dumps({"id": "1", "title": text}), b'{"id": "2"}')
    assert isinstance(item, Article)
    assert item.title == text
    with pytest.raises(BrokenSource, match="longer than 16 MiB"):
        read_lines(tmp_path, b'{"id": "1", "title": "' + b"x" * (17 << 20))


def test_the_last_line_needs_no_line_end(tmp_path: Path) -> None:
    assert [item.id for item in read_lines(tmp_path, b'{"id": "1"}', b'{"id": "2"}')] == ["1", "2"]


def test_a_byte_order_mark_windows_line_ends_and_gzip_are_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl.gz"
    path.write_bytes(gzip.compress(b'\xef\xbb\xbf{"id": "1"}\r\n{"id": "2"}\r\n'))
    assert [item.id for item in read(path, STAMP)] == ["1", "2"]


def test_a_bad_first_line_does_not_hide_the_format_that_the_name_tells(tmp_path: Path) -> None:
    items = read_lines(tmp_path, b"oops", b'{"id": "1"}', name="f.ndjson")
    assert [type(item) for item in items] == [Rejected, Article]
