"""Vectors beside somebody's documents: what is added, what stays, what is refused."""

from collections.abc import Callable
from contextlib import closing

import numpy as np
import pytest

from indexer.attach.attaching import Attaching
from indexer.attach.filling import FillOptions
from indexer.engines import open_reader, open_writer
from indexer.engines.location import Location
from indexer.engines.opensearch.attached.errors import (
    AlreadyOurs,
    DataStream,
    NoSuchIndex,
    NotInPlace,
    OtherAttachment,
    OtherMap,
    SeveralIndexes,
    UnusableField,
)
from indexer.engines.opensearch.attached.field_map import FieldMap
from indexer.engines.opensearch.errors import UnusableAddress
from indexer.queries import Lexical, Match
from tests.doubles import HashEncoder
from tests.indexer.attach import museum
from tests.indexer.attach.conftest import Attach, ended
from tests.indexer.attach.museum import OURS, canonical, sources, tools
from tests.opensearch.server import Server

Open = Callable[[Location], Attaching]


def test_each_document_gets_the_vector_of_its_title_and_text(
    node: Server, fresh_index: str, attach: Attach, encoder: HashEncoder
) -> None:
    location = museum.make(node, fresh_index, tools(130))
    outcome = attach(location)
    assert (outcome.documents, outcome.with_vector) == (130, 130)
    assert (outcome.tally.read, outcome.tally.encoded, outcome.tally.settled) == (130, 130, 130)
    for source in sources(node, fresh_index).values():
        wanted = HashEncoder().encode([(source["name"], source["story"])])[0]
        np.testing.assert_allclose(source["biocpt_vector"], wanted, rtol=1e-6)
        assert source["biocpt_model"] == encoder.fingerprint


def test_no_field_of_theirs_changes_and_undo_leaves_exactly_what_was(
    node: Server, fresh_index: str, attach: Attach, opened: Open
) -> None:
    documents = tools(60)
    documents["odd"] = {
        "name": "",
        "story": 'ß 𝄞 \\ "',
        "weight": 1e30,
        "big": 2**60,
        "null": None,
        "empty": [],
        "o": {},
    }
    documents["bare"] = {"wing": "North"}
    location = museum.make(node, fresh_index, documents)
    before = sources(node, fresh_index)
    outcome = attach(location)
    assert (outcome.with_vector, outcome.tally.without_text) == (61, 1)
    after = sources(node, fresh_index)
    assert canonical(after) == canonical(before)
    assert sum("biocpt_vector" in source for source in after.values()) == 61
    undone = ended(opened(location).undo(FillOptions()))
    assert (undone.tally.cleared, undone.with_vector) == (61, 0)
    assert sources(node, fresh_index) == before
    mapping = node.ask("GET", f"/{fresh_index}/_mapping")[fresh_index]["mappings"]
    assert mapping["_meta"] == museum.MAPPING["_meta"]
    assert set(OURS) <= set(mapping["properties"])


def test_their_note_in_the_mapping_is_kept_beside_ours(node: Server, fresh_index: str, attach: Attach) -> None:
    attach(museum.make(node, fresh_index, tools(3)))
    meta = node.ask("GET", f"/{fresh_index}/_mapping")[fresh_index]["mappings"]["_meta"]
    assert {name: meta[name] for name in ("owner", "schema")} == museum.MAPPING["_meta"]
    assert meta["biocpt_attached"]["map"]["title"] == "name"


def test_the_vectors_are_of_the_lucene_engine(node: Server, fresh_index: str, attach: Attach) -> None:
    attach(museum.make(node, fresh_index, tools(3)))
    field = node.ask("GET", f"/{fresh_index}/_mapping")[fresh_index]["mappings"]["properties"]["biocpt_vector"]
    assert field["method"]["engine"] == "lucene"


def test_a_dry_run_changes_nothing(node: Server, fresh_index: str, attach: Attach, encoder: HashEncoder) -> None:
    location = museum.make(node, fresh_index, {**tools(5), "bare": {"wing": "South"}})
    before, mapping = sources(node, fresh_index), node.ask("GET", f"/{fresh_index}/_mapping")
    outcome = attach(location, options=FillOptions(dry_run=True))
    assert (outcome.tally.encoded, outcome.tally.without_text, outcome.with_vector) == (5, 1, 0)
    assert (sources(node, fresh_index), node.ask("GET", f"/{fresh_index}/_mapping")) == (before, mapping)
    assert encoder.texts_encoded == []


def test_what_has_its_vector_is_not_read_again(
    node: Server, fresh_index: str, attach: Attach, encoder: HashEncoder
) -> None:
    location = museum.make(node, fresh_index, tools(40))
    attach(location)
    encoder.texts_encoded.clear()
    museum.store(node, fresh_index, {"new": museum.tool(99)})
    outcome = attach(location, map=None)
    assert (outcome.tally.found, outcome.tally.read, outcome.with_vector) == (1, 1, 41)
    assert len(encoder.texts_encoded) == 1


def test_a_hidden_index_is_attached_and_none_of_ours_is_made(node_36: Server, fresh_index: str, attach: Attach) -> None:
    location = museum.make(node_36, f".{fresh_index}", museum.tools(3), settings={"hidden": True})
    try:
        assert attach(location).with_vector == 3
        with closing(open_reader(location)) as reader:
            assert len(reader.search([Lexical(Match("workshop"), 5)])[0]) == 3
        with pytest.raises(UnusableAddress, match="for hidden indexes"):
            open_writer(f"{node_36.url}/.{fresh_index}-ours", space=None)
    finally:
        node_36.ask("DELETE", f"/.{fresh_index}")


def test_documents_with_a_routing_of_their_own_are_reached(node: Server, fresh_index: str, attach: Attach) -> None:
    location = museum.make(node, fresh_index, {})
    for number in range(12):
        node.ask("PUT", f"/{fresh_index}/_doc/t{number}?routing=r{number % 5}&refresh=true", museum.tool(number))
    assert attach(location).with_vector == 12
    assert len(sources(node, fresh_index)) == 12


def test_an_alias_of_one_index_is_that_index(node: Server, fresh_index: str, attach: Attach) -> None:
    museum.make(node, f"{fresh_index}-2024", tools(4))
    node.ask("POST", "/_aliases", {"actions": [{"add": {"index": f"{fresh_index}-2024", "alias": fresh_index}}]})
    assert attach(Location(f"{node.url}/{fresh_index}")).with_vector == 4


def test_an_alias_of_several_indexes_names_them(node: Server, fresh_index: str, opened: Open) -> None:
    for part in ("a", "b"):
        museum.make(node, f"{fresh_index}-{part}", {})
    actions = [{"add": {"index": f"{fresh_index}-{part}", "alias": fresh_index}} for part in ("a", "b")]
    node.ask("POST", "/_aliases", {"actions": actions})
    with pytest.raises(SeveralIndexes, match=rf"{fresh_index}-a, {fresh_index}-b.*by its own name"):
        opened(Location(f"{node.url}/{fresh_index}"))


def test_a_data_stream_is_refused_with_a_way_out(node: Server, fresh_index: str, opened: Open) -> None:
    template = {"index_patterns": [f"{fresh_index}*"], "data_stream": {}, "priority": 500}
    node.ask("PUT", f"/_index_template/{fresh_index}", template)
    try:
        node.ask("PUT", f"/_data_stream/{fresh_index}")
        with pytest.raises(DataStream, match="_reindex"):
            opened(Location(f"{node.url}/{fresh_index}"))
    finally:
        node.ask("DELETE", f"/_data_stream/{fresh_index}")
        node.ask("DELETE", f"/_index_template/{fresh_index}")


def test_a_name_that_is_not_there_is_said(node: Server, fresh_index: str, opened: Open) -> None:
    with pytest.raises(NoSuchIndex, match=fresh_index):
        opened(Location(f"{node.url}/{fresh_index}"))


def test_an_index_of_ours_needs_nothing_attached(node: Server, fresh_index: str, opened: Open) -> None:
    node.ask("PUT", f"/{fresh_index}", {"mappings": {"_meta": {"biocpt": {"format": 1}}}})
    with pytest.raises(AlreadyOurs):
        opened(Location(f"{node.url}/{fresh_index}"))


@pytest.mark.parametrize(
    ("settings", "mapping", "why"),
    [
        ({"knn": False}, {}, "index.knn"),
        ({"blocks.write": True}, {}, "index.blocks.write"),
        ({}, {"_source": {"enabled": False}}, "no _source"),
        ({}, {"_source": {"excludes": ["story"]}}, "leaves fields out"),
        ({"mapping.total_fields.limit": 12}, {}, "of at most 12"),
    ],
)
def test_an_index_that_cannot_take_vectors_says_why(
    node_36: Server,
    fresh_index: str,
    opened: Open,
    settings: dict[str, object],
    mapping: dict[str, object],
    why: str,
) -> None:
    location = museum.make(node_36, fresh_index, {}, settings=settings, mapping={**museum.MAPPING, **mapping})
    with pytest.raises(NotInPlace, match=why):
        opened(location).require_place()


def test_a_map_of_a_field_that_is_not_there_is_refused(node_36: Server, fresh_index: str, attach: Attach) -> None:
    location = museum.make(node_36, fresh_index, tools(2))
    for map, why in (
        (FieldMap(text=("tale",)), "no such field"),
        (FieldMap(text=("makers.note",)), "nested"),
        (FieldMap(text=("wing",)), "type keyword"),
        (FieldMap(text=()), "no field is named"),
    ):
        with pytest.raises(UnusableField, match=why):
            attach(location, map)
    assert "biocpt_attached" not in node_36.ask("GET", f"/{fresh_index}/_mapping")[fresh_index]["mappings"]["_meta"]


def test_another_model_or_map_is_refused_where_one_is_attached(
    node_36: Server, fresh_index: str, attach: Attach, opened: Open
) -> None:
    location = museum.make(node_36, fresh_index, tools(2))
    attach(location)
    with pytest.raises(OtherMap, match="--undo"):
        attach(location, FieldMap(text=("story",)))
    with pytest.raises(OtherAttachment, match="--undo"):
        opened(location).plan(None, HashEncoder(dimension=8).space)


def test_their_own_field_of_our_name_is_left_alone(node: Server, fresh_index: str, attach: Attach) -> None:
    properties = {**museum.MAPPING["properties"], "biocpt_vector": {"type": "text"}}
    documents = {id: {**said, "biocpt_vector": "theirs"} for id, said in tools(3).items()}
    location = museum.make(node, fresh_index, documents, mapping={**museum.MAPPING, "properties": properties})
    assert attach(location).with_vector == 3
    names = ("biocpt_vector_2", "biocpt_text_digest_2", "biocpt_model_2")
    assert canonical(sources(node, fresh_index), without=names) == canonical(documents, without=())


def test_an_index_is_attached_anew_to_the_same_fields_after_undo(
    node: Server, fresh_index: str, attach: Attach, opened: Open
) -> None:
    location = museum.make(node, fresh_index, tools(3))
    attach(location)
    ended(opened(location).undo(FillOptions()))
    assert attach(location).with_vector == 3
    assert set(OURS) <= sources(node, fresh_index)["tool/1 é"].keys()
