"""The ledger that many processes share; what every ledger does is tested in tests/indexer/test_ledger.py."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from indexer.engines import open_ledger
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.loading.ledger import NEWEST, ClusterLedger
from indexer.engines.opensearch.loading.ledger_index import PAGE, LedgerIndex
from indexer.engines.opensearch.loading.opening import open_version
from indexer.errors import DamagedIndex, NoIndex
from indexer.ledger import FileEntry
from indexer.order import Stamp, arrival_stamp, pack
from tests.indexer.engines.opensearch.reaching import SPACE, connected
from tests.opensearch.server import Server

SOCKETS = Path("/proc/self/fd")


def sockets() -> int:
    """How many this process has open."""
    return sum(opened.is_socket() for opened in SOCKETS.iterdir())


@pytest.fixture
def cluster(node: Server, fresh_index: str) -> Iterator[Cluster]:
    with connected(node, fresh_index) as cluster:
        open_version(cluster, SPACE, make=True)
        yield cluster


@pytest.fixture
def index(fresh_index: str) -> str:
    return f"{fresh_index}-v1"


def test_what_one_process_writes_another_sees_at_once(cluster: Cluster, index: str) -> None:
    mine, theirs = ClusterLedger(cluster, index), ClusterLedger(cluster, index)
    entry = FileEntry(name="a.xml", digest="1", read=2, added=2)
    assert (theirs.entries(), theirs.begun(), theirs.arrivals()) == ([], set(), {})
    mine.begin("a.xml", "1")
    assert theirs.begun() == {("a.xml", "1")}
    assert mine.arrival("mine.xml", "2") == 1
    assert theirs.arrivals() == {("mine.xml", "2"): 1}
    mine.tick(entry)
    assert theirs.find("a.xml", "1") == entry
    assert theirs.entries() == [entry]


def test_files_that_many_register_at_once_get_the_numbers_of_one(cluster: Cluster, index: str) -> None:
    files = [(f"file {place}", "x") for place in range(8)]

    def register(_: int) -> list[int]:
        ledger = ClusterLedger(cluster, index)
        return [ledger.arrival(*file) for file in files]

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(register, range(6))) == [[1, 2, 3, 4, 5, 6, 7, 8]] * 6
    assert ClusterLedger(cluster, index).arrivals() == {file: number for number, file in enumerate(files, start=1)}


def test_a_number_whose_giver_died_halfway_is_neither_lost_nor_given_again(cluster: Cluster, index: str) -> None:
    rows = LedgerIndex(cluster, f"{index}-ledger")
    assert ClusterLedger(cluster, index).arrival("a", "1") == 1
    rows.put(NEWEST, NEWEST, {"name": "b", "digest": "2", "arrival": 2}, after=rows.get(NEWEST))  # and no further
    ledger = ClusterLedger(cluster, index)
    assert ledger.arrivals() == {("a", "1"): 1, ("b", "2"): 2}
    assert [ledger.arrival("c", "3"), ledger.arrival("b", "2"), ledger.arrival("a", "1")] == [3, 2, 1]


def test_a_ledger_that_was_lost_gives_no_number_that_a_stored_record_carries(
    cluster: Cluster, node: Server, index: str
) -> None:
    orders = [
        pack(Stamp(2026, 7), version=2),
        pack(arrival_stamp(40), position=3, deletion=True),
        pack(arrival_stamp(41)),
        pack(Stamp(2026, 1400)),
    ]
    for number, order in enumerate(orders):
        node.ask("PUT", f"/{index}/_doc/{number}", {"id": str(number), "order": order})
    ledger = ClusterLedger(cluster, index)
    assert [ledger.arrival("a", "1"), ledger.arrival("b", "1")] == [42, 43]


def test_a_file_done_twice_is_one_entry_and_the_newest(cluster: Cluster, index: str) -> None:
    ledger = ClusterLedger(cluster, index)
    again = FileEntry(name="a", digest="1", read=5, unchanged=5)
    for entry in (FileEntry(name="a", digest="1", read=5, added=5), FileEntry(name="b", digest="1"), again):
        ledger.tick(entry)
    assert ledger.entries() == [FileEntry(name="b", digest="1"), again]


def test_names_may_be_anything(cluster: Cluster, index: str) -> None:
    ledger = ClusterLedger(cluster, index)
    names = ["a/b?c#d%20", "ä 'ö' \"ü\"", "x" * 3_000, "..", "\n"]
    assert [ledger.arrival(name, "1") for name in names] == [1, 2, 3, 4, 5]
    for name in names:
        ledger.tick(FileEntry(name=name, digest="1"))
    assert [entry.name for entry in ledger.entries()] == names
    assert ledger.find(names[1], "1") == FileEntry(name=names[1], digest="1")


def test_a_ledger_longer_than_a_page_is_read_to_its_end(node: Server, cluster: Cluster, index: str) -> None:
    lines = [
        f'{{"index": {{"_id": "finished-{n}"}}}}\n'
        f'{{"kind": "finished", "said": {{"name": "file {n}", "digest": "1", "read": {n}}}}}\n'
        for n in range(2 * PAGE + 5)
    ]
    node.ask("POST", f"/{index}-ledger/_bulk?refresh=true", "".join(lines).encode())
    ledger = ClusterLedger(cluster, index)
    assert [entry.read for entry in ledger.entries()] == list(range(2 * PAGE + 5))
    assert len(ledger.begun()) == 2 * PAGE + 5


def test_a_document_that_says_nothing_sensible_is_told_by_its_id(node: Server, cluster: Cluster, index: str) -> None:
    node.ask("PUT", f"/{index}-ledger/_doc/odd?refresh=true", {"kind": "finished", "said": {"name": "a", "digest": 5}})
    with pytest.raises(DamagedIndex, match=r"-v1-ledger.*'odd'"):
        ClusterLedger(cluster, index).entries()


def test_the_ledger_of_a_location_is_that_of_the_served_version(node: Server, cluster: Cluster, index: str) -> None:
    location = str(cluster.address)
    ClusterLedger(cluster, index).arrival("a", "1")
    with closing(open_ledger(location)) as ledger:
        assert ledger.arrivals() == {("a", "1"): 1}
    node.ask("DELETE", f"/{index}*")
    with pytest.raises(NoIndex):
        open_ledger(location)


@pytest.mark.skipif(not SOCKETS.exists(), reason="only Linux lists the sockets of a process")
def test_a_ledger_that_is_closed_holds_no_connection(cluster: Cluster) -> None:
    location, before = str(cluster.address), sockets()
    ledger = open_ledger(location)
    assert ledger.entries() == []
    assert sockets() > before
    ledger.close()
    with pytest.raises(NoIndex) as refused:
        open_ledger(f"{location}-other")
    assert sockets() == before, f"still connected after {refused.value}"  # whose frames are alive
