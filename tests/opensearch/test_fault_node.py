"""What happens to the only node of a cluster while a load goes on: killed, suspended, its disk full, its queue too."""

import random
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from indexer.engines import open_reader
from indexer.engines.location import Access, Location
from indexer.engines.opensearch.connecting.connection_errors import ClusterTimeout
from indexer.queries import Lexical, Match
from tests.disturbing import driver, environment, run
from tests.opensearch.faults import (
    LOAD_SECONDS,
    ONCE_OR_FIVE_TIMES,
    ONCE_OR_TEN_TIMES,
    SLOWLY,
    End,
    Loading,
    assert_whole,
    stored,
    until,
    without_notices,
)
from tests.opensearch.node import Node
from tests.opensearch.server import Server

pytestmark = pytest.mark.opensearch


@pytest.mark.parametrize("seed", ONCE_OR_TEN_TIMES)
def test_a_load_waits_for_a_killed_node_and_goes_on(
    frail_node: Node, fresh_index: str, files: list[Path], calm: Path, seed: int
) -> None:
    moment = random.Random(seed).uniform(0.3, LOAD_SECONDS)
    with Loading(driver(f"{frail_node.url}/{fresh_index}", files, *SLOWLY)) as loading:
        assert loading.lasts(moment), "the load was over before the kill"
        frail_node.kill()
        killed = time.monotonic()
        frail_node.start()
        print(f"killed after {moment:.1f} s, back after {time.monotonic() - killed:.1f} s")
        assert loading.end() == End(0, "")
    assert_whole(frail_node, fresh_index, calm)


def block(node: Server, name: str) -> None:
    """What the flood stage sets."""
    node.ask("PUT", f"/{name}*/_settings", {"index.blocks.read_only_allow_delete": True})


def unblock(node: Server, name: str) -> None:
    node.ask("PUT", f"/{name}*/_settings", {"index.blocks.read_only_allow_delete": None})


def flood(node: Server, name: str) -> None:
    """Have the server itself find that the disk is full, which it looks for every ten seconds."""
    node.ask("PUT", "/_cluster/settings", {"persistent": {f"{_DISK}.threshold_enabled": True, **_asked("1000tb")}})


def ebb(node: Server, name: str) -> None:
    """The disk has room again, however little the test's machine has: the server lifts the index's block by itself, and
    that of new indexes when told to.
    """
    node.ask("PUT", "/_cluster/settings", {"persistent": _asked("1b")})
    until(lambda: "indices" not in node.ask("GET", "/_cluster/state/blocks")["blocks"], patience=60)
    lifted = {f"{_DISK}.*": None, "cluster.blocks.*": None}
    node.ask("PUT", "/_cluster/settings", {"persistent": lifted, "transient": {"cluster.blocks.*": None}})
    until(lambda: not node.ask("GET", "/_cluster/state/blocks")["blocks"], patience=60)


_DISK = "cluster.routing.allocation.disk"


def _asked(room: str) -> dict[str, str]:
    """How much must be free at every stage."""
    return {f"{_DISK}.watermark.{stage}": room for stage in ("low", "high", "flood_stage")}


Change = Callable[[Server, str], None]


def refused_to_begin(url: str, files: list[Path]) -> str:
    """The line that a load ends with before it has begun."""
    done = subprocess.run(driver(url, files), env=environment(), capture_output=True, text=True, check=False)
    return End(done.returncode, without_notices(done.stderr)).line


def survive_a_full_disk(node: Server, name: str, files: list[Path], calm: Path, fill: Change, free: Change) -> None:
    url = f"{node.url}/{name}"
    with Loading(driver(url, files, "--pause", "0.5" if fill is flood else "0.2")) as loading:
        until(lambda: stored(node, f"{name}-v1") > 50)
        fill(node, name)
        end = loading.end()
    assert end.code == 1
    assert "are full, and it refused to" in end.line
    before = stored(node, f"{name}-v1")
    if fill is flood:
        assert "are full, and it refused to make the index" in refused_to_begin(f"{url}-other", files)
    free(node, name)
    assert stored(node, f"{name}-v1") == before > 50
    run(driver(url, files))
    assert_whole(node, name, calm)


@pytest.mark.parametrize("turn", ONCE_OR_FIVE_TIMES)
def test_a_full_disk_ends_a_load_with_one_line_and_nothing_is_lost(
    node: Server, fresh_index: str, files: list[Path], calm: Path, turn: int
) -> None:
    survive_a_full_disk(node, fresh_index, files, calm, block, unblock)


@pytest.mark.soak
@pytest.mark.parametrize("turn", range(5))
def test_a_disk_that_the_server_finds_full_ends_a_load_with_one_line_and_nothing_is_lost(
    frail_node: Node, fresh_index: str, files: list[Path], calm: Path, turn: int
) -> None:
    survive_a_full_disk(frail_node, fresh_index, files, calm, flood, ebb)


@pytest.mark.slow
def test_where_no_index_may_be_made_for_want_of_room_it_is_said_so_and_what_exists_is_loaded(
    frail_node: Node, fresh_index: str, files: list[Path], calm: Path
) -> None:
    url = f"{frail_node.url}/{fresh_index}"
    run(driver(url, files[:1]))
    frail_node.ask("PUT", "/_cluster/settings", {"persistent": {"cluster.blocks.create_index": True}})
    try:
        line = refused_to_begin(f"{url}-other", files)
        run(driver(url, files))
    finally:
        frail_node.ask("PUT", "/_cluster/settings", {"persistent": {"cluster.blocks.create_index": None}})
    assert "are full, and it refused to make the index" in line
    assert '"cluster.blocks.create_index": null' in line
    assert stored(frail_node, f"{fresh_index}-other-v1") == 0
    assert_whole(frail_node, fresh_index, calm)


def turned_away(node: Server) -> int:
    """How often the node answered 429 to a write since it was started."""
    said = node.ask("GET", "/_nodes/stats/thread_pool")["nodes"]
    return sum(int(one["thread_pool"]["write"]["rejected"]) for one in said.values())


@pytest.mark.parametrize("turn", ONCE_OR_TEN_TIMES)
def test_a_load_is_whole_after_many_429(
    frail_node: Node, fresh_index: str, files: list[Path], calm: Path, turn: int
) -> None:
    """One thread writes, one more request waits, and twelve come at once."""
    before = turned_away(frail_node)
    many = ("--connections", "12", "--body-bytes", "4000", "--commit", "2000")
    with Loading(driver(f"{frail_node.url}/{fresh_index}", files, *many)) as loading:
        assert loading.end() == End(0, "")
    print(f"answered with 429: {turned_away(frail_node) - before}")
    assert turned_away(frail_node) - before >= 10
    assert_whole(frail_node, fresh_index, calm)


@pytest.mark.parametrize("seed", ONCE_OR_TEN_TIMES)
def test_a_load_waits_for_a_node_that_answers_nothing_for_a_while(
    frail_node: Node, fresh_index: str, files: list[Path], calm: Path, seed: int
) -> None:
    chance = random.Random(seed)
    moment, pause = chance.uniform(0.3, LOAD_SECONDS), chance.uniform(15, 20)
    with Loading(driver(f"{frail_node.url}/{fresh_index}", files, *SLOWLY, "--timeout", "10")) as loading:
        assert loading.lasts(moment), "the load was over before the pause"
        frail_node.suspend()
        assert loading.lasts(pause), "a load cannot end while nothing answers"
        frail_node.resume()
        assert loading.end() == End(0, "")
    assert_whole(frail_node, fresh_index, calm)


@pytest.mark.slow
def test_a_search_that_takes_too_long_says_so_and_the_next_one_is_answered(
    frail_node: Node, fresh_index: str, files: list[Path]
) -> None:
    url, probe = f"{frail_node.url}/{fresh_index}", Lexical(Match("aspirin"), k=300)
    run(driver(url, files[:1]))
    with closing(open_reader(Location(url, Access(timeout=10)))) as reader:
        whole = reader.search([probe])
        frail_node.suspend()
        with pytest.raises(ClusterTimeout, match=r"was given 10 s to search .* and did not answer"):
            reader.search([probe])
        frail_node.resume()
        frail_node.wait()
        assert reader.search([probe]) == whole
    assert len(whole[0]) > 100
