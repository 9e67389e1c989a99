"""Requests for somebody's index that vectors were attached to: their ids, words and filters."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import orjson
import pytest

from indexer.attach.attaching import Attaching
from indexer.attach.filling import FillOptions
from indexer.engines import open_reader
from search.emit.opensearch import emission
from search.request import SearchRequest
from search.searcher import Searcher
from tests.doubles import HashEncoder
from tests.indexer.attach import museum
from tests.indexer.attach.conftest import ended
from tests.opensearch.server import Server
from tests.search.emit.test_curl import HOSTILE
from tests.search.emit.test_replayed import hits, same_but_for_ties, send

pytestmark = pytest.mark.slow

QUESTION = SearchRequest(query="oak mallet of the \"workshop\" 'pegs'", depth=40, limit=40, rerank=False)


@pytest.fixture
def searcher(node: Server, fresh_index: str) -> Iterator[Searcher]:
    location, encoder = museum.make(node, fresh_index, museum.tools(120)), HashEncoder()
    with closing(Attaching(location)) as attaching:
        ended(attaching.apply(attaching.plan(museum.MAP, encoder.space), encoder, FillOptions()))
    with closing(open_reader(location)) as reader:
        yield Searcher(reader, encoder)


def test_they_give_the_lists_of_the_searcher(node: Server, searcher: Searcher) -> None:
    emitted = emission(searcher, QUESTION)
    (ranking,) = searcher.rank_all([QUESTION])
    said = send(node, emitted.of("lists"))
    for answer, ours in zip(said["responses"], ranking.lists.values(), strict=True):
        same_but_for_ties(hits(answer), ours)
    for name, ours in (("lexical", ranking.lists["lexical"]), ("knn", ranking.lists["dense"])):
        found = send(node, emitted.of(name))
        same_but_for_ties(hits(found), ours)
        assert all(len(hit["_source"]) > 1 for hit in found["hits"]["hits"])


def test_a_template_takes_any_text(node: Server, searcher: Searcher) -> None:
    emitted = emission(searcher, QUESTION)
    send(node, emitted.of("template"))
    try:
        called = emitted.of("template-call")
        assert hits(send(node, called)) == hits(send(node, emitted.of("hybrid-min-max")))
        body = orjson.loads(called.body)
        body["params"]["text"] = "\n".join(HOSTILE)
        assert send(node, replace(called, body=orjson.dumps(body)))["hits"]["hits"]
    finally:
        node.ask("DELETE", emitted.of("template").path)
