"""A network that cuts connections in the middle of requests and answers: nothing is lost, nothing doubled."""

from contextlib import closing
from pathlib import Path

import pytest

from indexer.engines import open_reader
from indexer.engines.opensearch.errors import ClusterUnreachable
from indexer.queries import Lexical, Match
from tests.disturbing import driver, run
from tests.opensearch.cutting import cutting
from tests.opensearch.faults import ONCE_OR_FIVE_TIMES_EACH, End, Loading, assert_whole
from tests.opensearch.server import Server

pytestmark = pytest.mark.opensearch

MOST = 40_000
"""Bytes; a load of the files sends some 600 kB and reads some 300 kB."""


@pytest.mark.parametrize(("node", "seed"), ONCE_OR_FIVE_TIMES_EACH, indirect=["node"])
def test_a_load_goes_on_through_cuts(node: Server, fresh_index: str, files: list[Path], calm: Path, seed: int) -> None:
    with cutting(node, seed=seed, most=MOST) as way:
        way.is_calm = True  # that an index cannot be opened is said at once
        with Loading(driver(f"{way.url}/{fresh_index}", files, "--pause", "0.02")) as loading:
            way.is_calm = False
            assert loading.end() == End(0, "")
        print(f"cut in the middle: {dict(way.cuts)}")
        assert min(way.cuts["requests"], way.cuts["answers"]) >= 1
        assert way.cuts.total() >= 5
    assert_whole(node, fresh_index, calm)
    with Loading(driver(f"{node.url}/{fresh_index}", files)) as again:
        assert again.end() == End(0, "")


@pytest.mark.slow
def test_a_search_whose_answer_is_cut_says_so_and_the_next_one_is_answered(
    node_36: Server, fresh_index: str, files: list[Path]
) -> None:
    run(driver(f"{node_36.url}/{fresh_index}", files[:1]))
    probe = Lexical(Match("aspirin"), k=300)
    with cutting(node_36, seed=1, most=6_000) as way:
        way.is_calm = True
        with closing(open_reader(f"{way.url}/{fresh_index}")) as reader:
            whole = reader.search([probe])
            assert len(whole[0]) > 100
            way.is_calm = False
            said = []
            for _ in range(40):
                try:
                    assert reader.search([probe]) == whole
                except ClusterUnreachable as error:
                    said.append(str(error))
            way.is_calm = True
            assert reader.search([probe]) == whole
    assert 3 <= len(said) < 40
    assert all("\n" not in line and ("cut" in line or "closed" in line) for line in said), set(said)
