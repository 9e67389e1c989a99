"""Field maps proposed from mappings as people write them; on a server where an index is large or odd."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.attach.attaching import Attaching
from indexer.attach.map_file import as_toml, read_map
from indexer.attach.proposal import Proposal, propose
from indexer.attach.sample import Held, Sample
from indexer.engines.location import Location
from indexer.engines.opensearch.attached.errors import NoText, UnusableMap
from indexer.engines.opensearch.attached.field_map import FieldMap
from indexer.engines.opensearch.attached.leaves import leaves
from tests.indexer.attach import museum
from tests.indexer.attach.conftest import Attach
from tests.opensearch.server import Server

Open = Callable[[Location], Attaching]
TEXT, KEYWORD = {"type": "text"}, {"type": "keyword"}


def proposed(properties: dict[str, Any], **words: float) -> Proposal:
    """For documents that all have these fields, with so many words in each."""
    held = {name: Held(share=1.0, words=count, distinct=9, examples=()) for name, count in words.items()}
    return propose(leaves({"properties": properties}), Sample(documents=50, held=held), address="there")


def test_fields_are_known_by_their_names() -> None:
    properties = {
        "title": TEXT,
        "abstract": TEXT,
        "authors": TEXT,
        "pub_date": {"type": "date"},
        "venue": KEYWORD,
        "lang": KEYWORD,
        "is_retracted": {"type": "boolean"},
    }
    map = proposed(properties, title=8, abstract=200, authors=12, pub_date=1, venue=3, lang=1, is_retracted=1).map
    assert map == FieldMap(
        title="title",
        text=("abstract",),
        year="pub_date",
        retracted="is_retracted",
        filters={"journal": "venue", "language": "lang"},
    )


def test_where_no_name_says_anything_the_longest_text_is_the_text_and_nothing_the_title() -> None:
    map = proposed({"f1": TEXT, "f2": TEXT, "f3": TEXT}, f1=5, f2=80, f3=20).map
    assert (map.text, map.title) == (("f2",), "")


def test_a_few_words_are_no_text_by_their_name_alone_beside_a_long_one() -> None:
    assert proposed({"note": TEXT, "story": TEXT}, note=2, story=25).map.text == ("story",)
    assert proposed({"abstract": TEXT, "chapters": TEXT}, abstract=200, chapters=9000).map.text == ("abstract",)


def test_one_text_alone_is_the_text_whatever_it_is_called() -> None:
    map = proposed({"title": TEXT}, title=40).map
    assert (map.text, map.title) == (("title",), "")


def test_fields_within_objects_and_multi_fields_are_found() -> None:
    properties = {
        "doc": {"properties": {"headline": TEXT, "body": TEXT}},
        "tag": {"type": "text", "fields": {"raw": KEYWORD}},
    }
    held = {"doc.headline": 6.0, "doc.body": 300.0, "tag": 1.0}
    map = proposed(properties, **held).map
    assert (map.title, map.text, map.filters) == ("doc.headline", ("doc.body",), {"tag": "tag.raw"})


def test_text_in_nested_objects_is_no_text() -> None:
    nested = {"parts": {"type": "nested", "properties": {"body": TEXT}}, "code": KEYWORD}
    with pytest.raises(
        NoText, match=r"none of its fields is of type text outside of nested objects \(code, parts.body"
    ):
        proposed(nested)
    with_text = proposed({**nested, "text": TEXT}, text=50.0)
    assert with_text.map.text == ("text",)
    assert any("parts.body: within nested objects" in other for other in with_text.others)


def test_an_index_without_fields_has_no_text() -> None:
    with pytest.raises(NoText, match="no fields at all"):
        proposed({})


def test_prose_and_what_is_not_indexed_are_no_filters() -> None:
    properties = {"text": TEXT, "quote": KEYWORD, "hidden": {"type": "keyword", "index": False}, "state": KEYWORD}
    assert proposed(properties, text=90, quote=15, hidden=1, state=1).map.filters == {"state": "state"}


@given(
    title=st.text(min_size=1),
    texts=st.lists(st.text(min_size=1), min_size=1, max_size=3),
    filters=st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=4),
    why=st.text(),
)
def test_a_map_that_is_written_reads_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, title: str, texts: list[str], filters: dict[str, str], why: str
) -> None:
    map = FieldMap(title=title, text=tuple(texts), filters=filters)
    reasons = dict.fromkeys(["title", "text", *(f"filters.{name}" for name in filters)], why)
    toml = as_toml(Proposal(map=map, reasons=reasons, documents=1, others=[why]), "there")
    file = tmp_path_factory.mktemp("maps") / "map.toml"
    file.write_text(toml, encoding="utf-8", newline="")
    assert read_map(file) == map


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("text = [", "no field map"),
        ('texts = ["a"]', "'texts' is none of its keys"),
        ("text = [1]", "named by a text"),
        ('text = ["a"]\nyear = 3', "year is 3"),
    ],
)
def test_a_file_that_is_no_map_is_refused(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "map.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UnusableMap, match=why):
        read_map(file)


def test_a_proposal_of_a_real_index_works_as_it_is(
    node: Server, fresh_index: str, opened: Open, attach: Attach
) -> None:
    location = museum.make(node, fresh_index, museum.tools(30))
    proposal = opened(location).proposal()
    map = proposal.map
    assert (map.title, map.text, map.year) == ("name", ("story",), "acquired")
    assert map.filters["material"] == "material"
    assert "in 100% of 30 documents" in proposal.reasons["text"]
    assert attach(location, map=None).with_vector == 30


def test_a_thousand_fields_are_read_and_a_short_map_comes_of_them(node: Server, fresh_index: str, opened: Open) -> None:
    fields = {f"field_{number:04}": KEYWORD if number % 2 else TEXT for number in range(995)}
    mapping = {"properties": {**fields, "body": TEXT}}
    documents = {f"d{n}": {"body": "many words stand here", "field_0001": f"v{n}"} for n in range(5)}
    location = museum.make(node, fresh_index, documents, mapping=mapping)
    attaching = opened(location)
    proposal = attaching.proposal()
    assert (proposal.map.text, len(proposal.map.filters) <= 20) == (("body",), True)
    assert len(as_toml(proposal, location).splitlines()) < 120


def test_a_thousand_fields_leave_no_room_for_ours(node: Server, fresh_index: str, opened: Open) -> None:
    fields = {f"field_{number:04}": KEYWORD for number in range(997)}
    location = museum.make(node, fresh_index, {}, mapping={"properties": {**fields, "body": TEXT}})
    (obstacle,) = opened(location).index.obstacles()
    assert "998 fields of at most 1,000" in obstacle
    assert "total_fields.limit" in obstacle


@pytest.mark.slow
def test_documents_of_ten_megabytes_are_sampled_attached_and_left_as_they_are(
    node_36: Server, fresh_index: str, opened: Open, attach: Attach
) -> None:
    large = {f"d{n}": {"body": f"number {n} " + "lathe and vice " * 700_000} for n in range(4)}
    location = museum.make(node_36, fresh_index, {}, mapping={"properties": {"body": TEXT}})
    for id, said in large.items():
        museum.store(node_36, fresh_index, {id: said})
    assert opened(location).proposal().documents <= 4
    assert attach(location, map=None).with_vector == 4
    for id in large:
        source = node_36.ask("GET", f"/{fresh_index}/_doc/{id}")["_source"]
        assert source["body"] == large[id]["body"]
