"""Shards that do not answer, for real: an index of two of which the only node may hold one, or none."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import numpy as np
import orjson
import pytest

from indexer.article import Article
from indexer.engines.location import Location
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.contents.documents import document
from indexer.engines.opensearch.contents.encodings import vector_field
from indexer.engines.opensearch.contents.mapping import index_body
from indexer.engines.opensearch.errors import RequestRefused
from indexer.engines.opensearch.reader import OpenSearchReader
from indexer.engines.opensearch.searching.asking import ANSWER, Question, answers, lines
from indexer.queries import And, Lexical, Match, Nearest, PartialHits
from tests.indexer.engines.contract import vector
from tests.indexer.engines.opensearch.contents.test_mapping import META, SPACE, numbers
from tests.opensearch.server import Server

Opened = Callable[..., OpenSearchReader]

HALF = {"routing.allocation.total_shards_per_node": 1}
NONE = {"routing.allocation.require._name": "nobody"}


@pytest.fixture
def opened(node: Server, fresh_index: str) -> Iterator[Opened]:
    """`opened(settings)`: a reader of an index of two shards made with these; what a shard would take is stored."""
    with ExitStack() as readers:

        def make(settings: dict[str, Any]) -> OpenSearchReader:
            body = index_body(META, shards=2, field=vector_field("lucene", SPACE, numbers(node)), server=numbers(node))
            body["settings"]["index"] |= settings
            node.ask("PUT", f"/{fresh_index}-v1?wait_for_active_shards=0", body)
            node.ask("POST", "/_aliases", {"actions": [{"add": {"index": f"{fresh_index}-v1", "alias": fresh_index}}]})
            node.ask("GET", f"/_cluster/health/{fresh_index}?wait_for_no_initializing_shards=true")
            node.ask("POST", f"/{fresh_index}-v1/_bulk?refresh=true&timeout=50ms", bulk())
            reader = OpenSearchReader(Location(f"{node.url}/{fresh_index}"))
            return readers.enter_context(closing(reader))

        yield make


def bulk(first: int = 0) -> bytes:
    """Forty articles, numbered from `first`."""
    articles = [Article(id=str(n), order=1, title="Heart valves") for n in range(first, first + 40)]
    parts = ((orjson.dumps({"index": {"_id": a.id}}), document(a, vector=vector(int(a.id)))) for a in articles)
    return b"".join(line + b"\n" for pair in parts for line in pair)


def test_a_list_that_lacks_a_shard_says_so(opened: Opened) -> None:
    reader = opened(HALF)
    lists = reader.search([Lexical(Match("heart"), 100), Nearest(vector(1), 100), Lexical(And(()), 100)])
    for hits in lists:
        assert isinstance(hits, PartialHits)
        assert hits.gap == "1 of 2 shards did not answer (no node holds them now)."
        assert 0 < len(hits) < 40


def test_lists_of_all_shards_have_no_gap(opened: Opened) -> None:
    for hits in opened({}).search([Lexical(Match("heart"), 100), Nearest(vector(1), 100)]):
        assert not isinstance(hits, PartialHits)
        assert len(hits) == 40


def test_no_shard_at_all_is_an_error(opened: Opened) -> None:
    reader = opened(NONE)
    with pytest.raises(RequestRefused, match="search"):
        reader.search([Lexical(Match("heart"), 5)])


def test_a_part_is_never_given_for_the_whole(opened: Opened) -> None:
    """Figures, whole-index reads and articles by id have no place for a note."""
    reader = opened(HALF)
    for ask in (reader.info, lambda: list(reader.rows()), lambda: reader.fetch([str(n) for n in range(40)])):
        with pytest.raises(RequestRefused):
            ask()


def test_of_a_hit_nothing_is_sent_but_what_it_is_sorted_by(node: Server, opened: Opened, fresh_index: str) -> None:
    opened({})
    asked = [Question({"match_all": {}}, 40, raw=float), Question({"match_all": {}}, 40, raw=None)]
    said = node.ask("POST", f"/{fresh_index}/_msearch?filter_path={ANSWER}", lines(asked, seconds=60))
    for response in said["responses"]:
        assert [list(hit) for hit in response["hits"]["hits"]] == [["sort"]] * 40


@pytest.mark.slow
def test_a_search_that_ran_out_of_time_says_so(node: Server, opened: Opened, fresh_index: str) -> None:
    """A server looks at its clock between segments, and its clock ticks five times a second."""
    opened({})
    for part in (200, 300, 400):
        node.ask("POST", f"/{fresh_index}-v1/_bulk?refresh=true", bulk(part))
    where = address.parse(f"{node.url}/{fresh_index}")
    slow = Question({"script_score": {"query": {"match_all": {}}, "script": {"source": SLOW}}}, 5, raw=float)
    said = node.ask("POST", f"/{fresh_index}/_msearch?filter_path={ANSWER}", lines([slow], seconds=0.001))
    (answer,) = answers([slow], said, where)
    assert isinstance(answer.hits, PartialHits)
    assert "time" in answer.hits.gap


SLOW = "double x = 0; for (int i = 0; i < 400000; ++i) { x = Math.sin(x + i) } return 2 + x"


def test_a_shard_that_fails_is_named_with_its_reason(node: Server, opened: Opened, fresh_index: str) -> None:
    opened({})
    where = address.parse(f"{node.url}/{fresh_index}")
    source = "if (doc['id'].value == '7') { throw new IllegalArgumentException('seven') } return 1"
    odd = Question({"script_score": {"query": {"match_all": {}}, "script": {"source": source}}}, 50, raw=float)
    said = node.ask("POST", f"/{fresh_index}/_msearch?filter_path={ANSWER}", lines([odd], seconds=60))
    (answer,) = answers([odd], said, where)
    assert isinstance(answer.hits, PartialHits)
    assert answer.hits.gap.startswith("1 of 2 shards did not answer (")
    assert "seven" in answer.hits.gap


def test_more_than_a_server_gives_is_not_passed_off_as_all(node: Server, opened: Opened, fresh_index: str) -> None:
    reader = opened({})
    body = b"".join(b'{"index":{}}\n' + document(Article(id=f"{n:05}", title="Lung")) + b"\n" for n in range(10_001))
    node.ask("POST", f"/{fresh_index}-v1/_bulk?refresh=true", body)
    (hits,) = reader.search([Lexical(Match("lung"), 20_000)])
    assert isinstance(hits, PartialHits)
    assert (len(hits), hits.gap) == (
        10_000, "A cluster gives 10,000 hits of one list at most, and 20,000 were asked for."
    )  # fmt: skip
    (nearby,) = reader.search([Nearest(np.ones(8, np.float32), 20_000)])
    assert len(nearby) == 40
    assert not isinstance(nearby, PartialHits)
