"""Indexes that their makers set up in a way of their own: nothing is shown, lost or left that should not be."""

from collections.abc import Callable

import numpy as np
import pytest

from indexer.attach.attaching import Attaching
from indexer.attach.filling import FillOptions
from indexer.engines.location import Location
from indexer.engines.opensearch.attached.errors import NarrowAlias, NotInPlace
from indexer.engines.opensearch.attached.field_map import FieldMap
from indexer.engines.opensearch.attached.reader import AttachedReader
from tests.doubles import HashEncoder
from tests.indexer.attach import museum
from tests.indexer.attach.conftest import Attach, ended
from tests.indexer.attach.museum import canonical, sources, tools
from tests.opensearch.server import Server

Open = Callable[[Location], Attaching]

UNSEEN = {"refresh_interval": "-1"}
"""Nothing is seen by searches before somebody asks for it."""


@pytest.mark.parametrize("narrow", [{"filter": {"term": {"wing": "North"}}}, {"routing": "north"}])
def test_an_alias_of_a_part_of_an_index_does_not_open_the_rest(
    node: Server, fresh_index: str, attach: Attach, narrow: dict[str, object]
) -> None:
    location = museum.make(node, fresh_index, tools(10))
    alias = {"index": fresh_index, "alias": f"{fresh_index}-part", **narrow}
    node.ask("POST", "/_aliases", {"actions": [{"add": alias}]})
    part = Location(f"{node.url}/{fresh_index}-part")
    with pytest.raises(NarrowAlias, match=f"of {fresh_index!r}"):
        attach(part)
    attach(location)
    with pytest.raises(NarrowAlias, match=f"of {fresh_index!r}"):
        AttachedReader(part)


def test_documents_that_no_search_has_seen_yet_are_given_vectors(
    node: Server, fresh_index: str, attach: Attach
) -> None:
    location = museum.make(node, fresh_index, {}, settings=UNSEEN)
    for number in range(5):
        node.ask("PUT", f"/{fresh_index}/_doc/{number}", museum.tool(number))
    outcome = attach(location)
    assert (outcome.tally.found, outcome.documents, outcome.with_vector) == (5, 5, 5)


def test_undo_takes_our_values_out_of_copies_that_no_search_has_seen_yet(
    node: Server, fresh_index: str, attach: Attach, opened: Open
) -> None:
    documents = tools(5)
    location = museum.make(node, fresh_index, documents, settings=UNSEEN)
    attach(location)
    copied = sources(node, fresh_index)["tool/3 é"]  # read whole by their program, ours too, and stored as another
    node.ask("PUT", f"/{fresh_index}/_doc/copy", copied)
    undone = ended(opened(location).undo(FillOptions()))
    assert (undone.tally.cleared, undone.with_vector) == (6, 0)
    assert sources(node, fresh_index) == {**documents, "copy": documents["tool/3 é"]}


def test_a_field_that_is_part_of_another_is_read_where_its_values_stand(
    node: Server, fresh_index: str, opened: Open, encoder: HashEncoder
) -> None:
    part = {"type": "keyword", "fields": {"words": {"type": "text"}}}
    documents = {
        str(number): {"what": f"plane {number}", "about": f"It smooths {number} boards."} for number in range(3)
    }
    location = museum.make(node, fresh_index, documents, mapping={"properties": {"what": part, "about": part}})
    attaching = opened(location)
    assert set(attaching.proposal().map.text) <= {"what.words", "about.words"}
    map = FieldMap(title="what.words", text=("about.words",))
    outcome = ended(attaching.apply(attaching.plan(map, encoder.space), encoder, FillOptions()))
    assert (outcome.tally.without_text, outcome.with_vector) == (0, 3)
    for said in sources(node, fresh_index).values():
        wanted = HashEncoder().encode([(said["what"], said["about"])])[0]
        np.testing.assert_allclose(said["biocpt_vector"], wanted, rtol=1e-6)
    reader = AttachedReader(location)
    article = reader.fetch(["1"])[0]
    reader.close()
    assert article is not None
    assert (article.title, article.abstract) == ("plane 1", "It smooths 1 boards.")
    assert ended(opened(location).sync(encoder, FillOptions())).tally.fresh == 3


def test_our_fields_that_came_with_copied_documents_are_not_proposed(
    node: Server, fresh_index: str, attach: Attach, opened: Open
) -> None:
    location = museum.make(node, fresh_index, tools(3))
    attach(location)
    copied, copy = sources(node, fresh_index), f"{fresh_index}-copy"
    other = museum.make(node, copy, copied)  # in their own mapping: our fields become texts and numbers
    assert not [field for field in opened(other).proposal().map.filters.values() if "biocpt" in field]
    outcome = attach(other)
    assert (outcome.tally.encoded, outcome.with_vector) == (3, 3)


def test_an_index_that_gives_few_documents_at_once_is_read_in_smaller_pages(
    node: Server, fresh_index: str, opened: Open, encoder: HashEncoder
) -> None:
    documents = tools(90)
    location = museum.make(node, fresh_index, documents, settings={"max_result_window": 20})
    attaching = opened(location)
    assert attaching.proposal().documents == 20
    outcome = ended(attaching.apply(attaching.plan(museum.MAP, encoder.space), encoder, FillOptions()))
    assert (outcome.documents, outcome.with_vector) == (90, 90)
    assert canonical(sources(node, fresh_index, size=20)).items() <= canonical(documents).items()
    reader = AttachedReader(location)
    assert all(reader.fetch(list(documents)))
    reader.close()


def test_an_index_that_derives_its_source_cannot_be_attached_in_place(
    node_36: Server, fresh_index: str, attach: Attach
) -> None:
    mapping = {"properties": {"name": {"type": "text", "store": True}}}
    location = museum.make(
        node_36, fresh_index, {"1": {"name": "adze"}}, settings={"derived_source.enabled": True}, mapping=mapping
    )
    with pytest.raises(NotInPlace, match="derives its _source"):
        attach(location, FieldMap(text=("name",)))
