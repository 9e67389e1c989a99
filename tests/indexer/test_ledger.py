"""The ledger in a file, in memory and in a cluster: one contract."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from indexer.engines.location import Access
from indexer.engines.opensearch.connecting.address import parse
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.loading.ledger import ClusterLedger
from indexer.engines.opensearch.loading.opening import open_version
from indexer.errors import DamagedLog
from indexer.ledger import FileEntry, FileLedger, Ledger
from tests.doubles import ListLedger
from tests.opensearch.server import Server

ENTRY = FileEntry(
    name="pubmed26n0001.xml.gz", digest="ab" * 32, read=5, added=3, rejected=2, finished="2026-11-01T10:00:00+00:00"
)


def in_cluster(request: pytest.FixtureRequest) -> Ledger:
    node, alias = cast(Server, request.getfixturevalue("node_36")), request.getfixturevalue("fresh_index")
    cluster = Cluster(parse(f"{node.url}/{alias}"), Access())
    request.addfinalizer(cluster.close)
    return ClusterLedger(cluster, open_version(cluster, None, make=True).name)


@pytest.fixture(params=["file", "list", pytest.param("cluster", marks=pytest.mark.opensearch)])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    makers: dict[str, Callable[[], Ledger]] = {
        "file": lambda: FileLedger(tmp_path / "ledger.jsonl"),
        "list": ListLedger,
        "cluster": lambda: in_cluster(request),
    }
    return makers[request.param]()


def test_a_finished_file_is_found_by_name_and_digest(ledger: Ledger) -> None:
    ledger.tick(ENTRY)
    assert ledger.find(ENTRY.name, ENTRY.digest) == ENTRY
    assert ledger.find(ENTRY.name, "cd" * 32) is None
    assert ledger.find("pubmed26n0002.xml.gz", ENTRY.digest) is None


def test_arrivals_are_numbered_from_one_and_keep_their_number(ledger: Ledger) -> None:
    assert [ledger.arrival("b", "1"), ledger.arrival("a", "1"), ledger.arrival("b", "2")] == [1, 2, 3]
    assert [ledger.arrival("a", "1"), ledger.arrival("b", "1")] == [2, 1]
    assert ledger.arrivals() == {("b", "1"): 1, ("a", "1"): 2, ("b", "2"): 3}


def test_an_adopted_arrival_comes_before_all_that_follow(ledger: Ledger) -> None:
    ledger.adopt("old", "1", 7)
    ledger.adopt("old", "1", 9)
    assert [ledger.arrival("new", "1"), ledger.arrival("old", "1")] == [8, 7]


def test_a_file_is_begun_before_it_is_finished(ledger: Ledger) -> None:
    ledger.begin("a.xml", "1")
    ledger.tick(ENTRY)
    assert ledger.begun() == {("a.xml", "1"), (ENTRY.name, ENTRY.digest)}
    assert [entry.name for entry in ledger.entries()] == [ENTRY.name]


def test_the_newest_entry_stands_for_a_file_that_was_done_twice(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "ledger.jsonl")
    again = FileEntry(name=ENTRY.name, digest=ENTRY.digest, read=5, unchanged=5)
    for entry in (ENTRY, FileEntry(name="other", digest="00"), again):
        ledger.tick(entry)
    assert [entry.name for entry in ledger.entries()] == ["other", ENTRY.name]
    assert ledger.find(ENTRY.name, ENTRY.digest) == again


def test_all_is_there_after_reopening(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "ledger.jsonl")
    ledger.arrival("mine.jsonl", "1")
    ledger.begin("begun.xml", "1")
    ledger.tick(ENTRY)
    again = FileLedger(tmp_path / "ledger.jsonl")
    assert again.entries() == [ENTRY]
    assert again.begun() == {("begun.xml", "1"), (ENTRY.name, ENTRY.digest)}
    assert again.arrivals() == {("mine.jsonl", "1"): 1}
    assert again.arrival("next.jsonl", "1") == 2


def test_a_tick_that_a_crash_tore_did_not_happen(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    FileLedger(path).tick(ENTRY)
    path.write_bytes(path.read_bytes()[:-10])
    ledger = FileLedger(path)
    assert ledger.find(ENTRY.name, ENTRY.digest) is None
    ledger.tick(ENTRY)
    assert FileLedger(path).entries() == [ENTRY]


def test_rows_and_fields_of_a_newer_version_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text('{"weather": "fine"}\n{"finished": {"name": "a", "digest": "1", "read": 2, "colour": "red"}}\n')
    assert FileLedger(path).entries() == [FileEntry(name="a", digest="1", read=2)]


def test_new_arrivals_are_numbered_above_the_floor(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "ledger.jsonl", 5)
    ledger.adopt("old", "1", 2)
    assert [ledger.arrival("old", "1"), ledger.arrival("new", "1"), ledger.arrival("newer", "1")] == [2, 6, 7]


@pytest.mark.parametrize(
    "row",
    [
        '{"finished": {}}',
        '{"finished": 5}',
        '{"finished": {"name": "a", "digest": "b", "read": "many"}}',
        '{"finished": {"name": "a", "digest": "b", "read": true}}',
        '{"begun": ["a", "b"]}',
        '{"arrival": "x", "name": "a", "digest": "b"}',
        '{"arrival": 0, "name": "a", "digest": "b"}',
        '{"arrival": 1}',
        '{"arrival": 1, "name": "a", "digest": 7}',
    ],
)
def test_a_row_that_says_nothing_sensible_is_told_with_its_line(tmp_path: Path, row: str) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text('{"finished": {"name": "a", "digest": "1"}}\n' + row + "\n")
    with pytest.raises(DamagedLog, match=r"Line 2 of .*ledger\.jsonl"):
        FileLedger(path)
