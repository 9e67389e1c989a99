"""An index that its own program goes on writing to while vectors are added, and one that vanishes."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from indexer.attach.attaching import Attaching
from indexer.attach.filling import FillOptions
from indexer.engines.location import Location
from indexer.engines.opensearch.attached.errors import NothingAttached, Replaced
from tests.doubles import HashEncoder
from tests.indexer.attach import museum
from tests.indexer.attach.conftest import Attach, Interrupted, ended
from tests.indexer.attach.museum import MAP, canonical, sources, tools
from tests.opensearch.server import Refusal, Server

Open = Callable[[Location], Attaching]


def apply(attaching: Attaching, encoder: HashEncoder) -> Any:
    return ended(attaching.apply(attaching.plan(MAP, encoder.space), encoder, FillOptions()))


def assert_true_vectors(node: Server, index: str) -> None:
    """Each document with a vector has that of the text that it says now."""
    for id, source in sources(node, index).items():
        wanted = HashEncoder().encode([(source["name"], source["story"])])[0]
        np.testing.assert_allclose(source["biocpt_vector"], wanted, rtol=1e-6, err_msg=id)


def test_what_they_wrote_since_we_read_is_kept_and_encoded(node: Server, fresh_index: str, opened: Open) -> None:
    documents = tools(20)
    location = museum.make(node, fresh_index, documents)
    changed = {id: {**documents[id], "story": f"Repaired in room {number}."} for number, id in enumerate(documents)}
    some = dict(list(changed.items())[:7])

    def their_program() -> None:
        museum.store(node, fresh_index, some)
        node.ask("POST", f"/{fresh_index}/_update/tool%2F9%20%C3%A9?refresh=true", {"doc": {"wing": "Attic"}})
        node.ask("DELETE", f"/{fresh_index}/_doc/tool%2F19%20%C3%A9?refresh=true")

    outcome = apply(opened(location), Interrupted(their_program))
    wanted = {**documents, **some}
    wanted["tool/9 é"] = {**wanted["tool/9 é"], "wing": "Attic"}
    del wanted["tool/19 é"]
    assert canonical(sources(node, fresh_index)) == canonical(wanted)
    assert_true_vectors(node, fresh_index)
    assert (outcome.documents, outcome.with_vector) == (19, 19)
    assert (outcome.tally.read, outcome.tally.encoded, outcome.tally.gone) == (20, 19, 1)


def test_a_program_that_writes_all_the_time_loses_nothing(node: Server, fresh_index: str, opened: Open) -> None:
    documents = tools(400)
    location = museum.make(node, fresh_index, documents)
    wanted, is_over = dict(documents), threading.Event()

    def their_program() -> None:
        number = 0
        while not is_over.is_set():
            id = f"tool/{number * 37 % 400} é"
            wanted[id] = {**wanted[id], "story": f"Told anew, the {number}th time.", "weight": float(number)}
            museum.store(node, fresh_index, {id: wanted[id]})
            number += 1

    writer = threading.Thread(target=their_program)
    writer.start()
    try:
        apply(opened(location), HashEncoder())
    finally:
        is_over.set()
        writer.join()
    attaching = opened(location)
    outcome = ended(attaching.sync(HashEncoder(), FillOptions()))
    assert outcome.with_vector == outcome.documents == 400
    assert canonical(sources(node, fresh_index)) == canonical(wanted)
    assert_true_vectors(node, fresh_index)


def test_an_index_that_is_removed_meanwhile_is_not_made_anew(node: Server, fresh_index: str, opened: Open) -> None:
    location = museum.make(node, fresh_index, tools(20))
    with pytest.raises(Replaced, match=fresh_index):
        apply(opened(location), Interrupted(lambda: node.ask("DELETE", f"/{fresh_index}")))
    with pytest.raises(Refusal, match="index_not_found"):
        node.ask("GET", f"/{fresh_index}")


def test_sync_mends_what_their_program_left_stale(
    node: Server, fresh_index: str, attach: Attach, opened: Open, encoder: HashEncoder
) -> None:
    documents = tools(10)
    location = museum.make(node, fresh_index, documents)
    attach(location)
    update = f"/{fresh_index}/_update/tool%2F{{}}%20%C3%A9?refresh=true"
    node.ask("POST", update.format(1), {"doc": {"story": "A new story."}})
    node.ask("POST", update.format(2), {"doc": {"wing": "Attic"}})
    node.ask("POST", update.format(3), {"doc": {"story": "", "name": ""}})
    museum.store(
        node, fresh_index, {"tool/4 é": {**documents["tool/4 é"], "story": "Written whole."}, "new": museum.tool(50)}
    )
    encoder.texts_encoded.clear()
    before = sources(node, fresh_index)
    outcome = ended(opened(location).sync(encoder, FillOptions()))
    tally = outcome.tally
    assert (tally.read, tally.fresh, tally.encoded, tally.cleared) == (11, 7, 3, 1)
    assert (outcome.documents, outcome.with_vector, len(encoder.texts_encoded)) == (11, 10, 3)
    after = sources(node, fresh_index)
    assert canonical(after) == canonical(before)
    assert "biocpt_vector" not in after.pop("tool/3 é")
    assert all(source["biocpt_vector"] for source in after.values())
    again = ended(opened(location).sync(encoder, FillOptions())).tally
    assert (again.encoded, again.cleared, again.fresh, again.without_text) == (0, 0, 10, 1)


def test_sync_of_what_is_not_attached_says_how_to_attach(node_36: Server, fresh_index: str, opened: Open) -> None:
    location = museum.make(node_36, fresh_index, tools(1))
    with pytest.raises(NothingAttached, match="biocpt attach"):
        opened(location).require_attached()
