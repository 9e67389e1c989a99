"""Three nodes, one copy of each shard beside the primary: the node that holds the primary is killed.

While an index is served, searches are answered throughout and a load goes on. While it is loaded for the first time,
it has no copies: the load waits until the node is back.
"""

import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from indexer.engines import open_reader
from indexer.errors import IndexerError
from indexer.queries import Lexical, Match, Nearest, PartialHits, Probe
from tests.disturbing import driver, run
from tests.doubles import HashEncoder
from tests.opensearch.cluster import Cluster
from tests.opensearch.faults import ONCE_OR_TEN_TIMES, PATIENCE, SLOWLY, End, Loading, assert_whole, stored, until

pytestmark = pytest.mark.opensearch


def address(cluster: Cluster, name: str) -> str:
    """All nodes in one URL."""
    return "http://" + ",".join(url.removeprefix("http://") for url in cluster.urls) + f"/{name}"


class Searches(threading.Thread):
    """Asks for words and for neighbours again and again, and notes what came of it."""

    def __init__(self, location: str) -> None:
        super().__init__(name="searches", daemon=True)
        self._location = location
        self._over = threading.Event()
        self.answers = 0
        self.longest = 0.0
        """Seconds from one answer to the next, at most."""
        self.said: Counter[str] = Counter()
        """Errors, and notes of lists that are not whole."""

    def run(self) -> None:
        vector = HashEncoder().encode(["aspirin"])[0]
        probes: list[Probe] = [Lexical(Match("aspirin"), k=20), Nearest(vector.astype(np.float32), k=20)]
        with closing(open_reader(self._location)) as reader:
            last = time.monotonic()
            while not self._over.is_set():
                try:
                    lists = reader.search(probes)
                except IndexerError as error:
                    self.said[f"{type(error).__name__}: {error}"] += 1
                    continue
                assert all(len(hits) == 20 for hits in lists)
                self.said.update(hits.gap for hits in lists if isinstance(hits, PartialHits))
                self.answers += 1
                self.longest = max(self.longest, time.monotonic() - last)
                last = time.monotonic()
                time.sleep(0.02)

    def end(self) -> None:
        self._over.set()
        self.join(PATIENCE)


@pytest.mark.parametrize("turn", ONCE_OR_TEN_TIMES)
def test_searches_are_answered_and_a_load_goes_on_while_the_node_with_the_primary_is_killed(
    cluster: Cluster, fresh_index: str, files: list[Path], calm: Path, turn: int
) -> None:
    url = address(cluster, fresh_index)
    run(driver(url, files[:1], "--replicas", "1"))
    cluster.wait_green()
    searches = Searches(url)
    searches.start()
    until(lambda: searches.answers > 10)
    with Loading(driver(url, files, *SLOWLY)) as loading:
        assert loading.lasts(0.2), "the load was over before the kill"
        answered = searches.answers
        cluster.holder_of_primary(f"{fresh_index}-v1").kill()
        killed = time.monotonic()
        end = loading.end()
        loaded = time.monotonic() - killed
    until(lambda: time.monotonic() - killed > 10 and searches.answers - answered > 50)
    searches.end()
    print(f"{searches.answers - answered} answers after the kill, none for {searches.longest:.2f} s at most;")
    print(f"said: {dict(searches.said)}; the load ended {loaded:.1f} s after the kill: {end}")
    assert end == End(0, "")
    if turn != 1:  # as a claim about time, it is for machines with nothing else to do
        assert searches.longest < 10
    assert not searches.said
    assert_whole(cluster.server, fresh_index, calm)
    cluster.start()
    assert_whole(cluster.server, fresh_index, calm)


@pytest.mark.parametrize("turn", ONCE_OR_TEN_TIMES)
def test_a_first_load_waits_for_the_killed_node_that_held_the_only_copy(
    cluster: Cluster, fresh_index: str, files: list[Path], calm: Path, turn: int
) -> None:
    with Loading(driver(address(cluster, fresh_index), files, "--pause", "0.2")) as loading:
        until(lambda: stored(cluster.server, f"{fresh_index}-v1") > 50)
        holder = cluster.holder_of_primary(f"{fresh_index}-v1")
        holder.kill()
        health = f"/_cluster/health/{fresh_index}-v1?local=true"
        until(lambda: bool(cluster.server.ask("GET", health)["status"] == "red"))
        assert loading.lasts(3), "there is nowhere to write to"
        cluster.start()
        assert loading.end() == End(0, "")
    cluster.wait_green()
    assert_whole(cluster.server, fresh_index, calm)
