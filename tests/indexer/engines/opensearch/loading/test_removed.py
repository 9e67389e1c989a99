"""Versions and ledgers that are removed while somebody loads them: no late write makes them anew."""

import time
from collections.abc import Callable
from contextlib import closing

import pytest

from indexer.engines import open_writer
from indexer.engines.location import Location
from indexer.engines.opensearch.errors import IndexGone, NotOurs, TakenForDead
from indexer.engines.opensearch.loading.dropping import drop_from_cluster
from indexer.engines.opensearch.loading.ledger import ClusterLedger
from indexer.engines.opensearch.loading.ledger_index import LedgerIndex
from indexer.engines.opensearch.loading.load import Load
from indexer.engines.opensearch.loading.opening import open_version
from indexer.engines.opensearch.loading.versions import find_versions
from indexer.ledger import FileEntry
from tests.indexer.engines.contract import article, vector
from tests.indexer.engines.opensearch.reaching import SPACE, connected, indices
from tests.opensearch.server import Server

pytestmark = pytest.mark.slow

GONE = r"was removed meanwhile \(404, index_not_found_exception\)\. Run the same command again\.$"


def test_a_version_dropped_under_its_loader_stays_dropped(node: Server, fresh_index: str) -> None:
    with closing(open_writer(f"{node.url}/{fresh_index}", space=SPACE)) as writer:
        writer.write([article("1")], {"1": vector(1)})
        writer.commit()
        writer.stored(["2"])  # so that nothing more is read before it is written
        node.ask("DELETE", f"/{fresh_index}-v1,{fresh_index}-v1-ledger")
        writer.write([article("2")], {"2": vector(2)})
        with pytest.raises(IndexGone, match=f"'{fresh_index}-v1' at .* {GONE}"):
            writer.commit()
        with pytest.raises(IndexGone, match=f"'{fresh_index}-v1' at .* {GONE}"):
            writer.stored(["3"])
    assert indices(node, fresh_index) == set()


@pytest.mark.parametrize(
    "write",
    [
        lambda ledger: ledger.begin("a", "1"),
        lambda ledger: ledger.tick(FileEntry(name="a", digest="1")),
        lambda ledger: ledger.arrival("a", "1"),
    ],
    ids=["begin", "tick", "arrival"],
)
def test_nothing_makes_a_ledger_anew_that_was_removed(
    node: Server, fresh_index: str, write: Callable[[ClusterLedger], object]
) -> None:
    with connected(node, fresh_index) as cluster:
        version = open_version(cluster, SPACE, make=True)
        node.ask("DELETE", f"/{version.name}-ledger")
        with pytest.raises(IndexGone, match=f"'{version.name}-ledger' at .* {GONE}"):
            write(ClusterLedger(cluster, version.name))
        rows = LedgerIndex(cluster, f"{version.name}-ledger")
        with pytest.raises(IndexGone, match=GONE):
            rows.update("a", {"beat": 1})
        rows.delete("a")
    assert indices(node, fresh_index) == {version.name}


def test_an_index_without_its_alias_for_writing_is_given_one(node: Server, fresh_index: str) -> None:
    with connected(node, fresh_index) as cluster:
        names = open_version(cluster, SPACE, make=True).name, f"{fresh_index}-v1-ledger"
        for name in names:
            node.ask("DELETE", f"/{name}/_alias/{name}-write")
        open_version(cluster, SPACE, make=True)
    found = node.ask("GET", f"/{fresh_index}*/_alias")
    assert {name: set(said["aliases"]) for name, said in found.items()} == {name: {f"{name}-write"} for name in names}


def test_an_unmarked_index_is_passed_over_until_it_is_named(node: Server, fresh_index: str) -> None:
    strange = f"{fresh_index}-v1"
    node.ask("PUT", f"/{strange}/_doc/1", {"title": "written late"})
    with connected(node, fresh_index) as cluster:
        versions = find_versions(cluster)
        assert (list(versions.all), versions.highest, list(versions.strangers)) == ([], 1, [strange])
        assert open_version(cluster, SPACE, make=True).name == f"{fresh_index}-v2"
        with pytest.raises(NotOurs, match="was not made by biocpt"):
            drop_from_cluster(Location(f"{node.url}/{fresh_index}"), [strange], old=False)
        node.ask("POST", "/_aliases", {"actions": [{"add": {"index": strange, "alias": fresh_index}}]})
        with pytest.raises(NotOurs, match="was not made by biocpt"):
            find_versions(cluster)
    assert node.ask("GET", f"/{strange}/_doc/1")["_source"] == {"title": "written late"}


def test_a_lost_ledger_is_not_taken_for_a_publication(node_36: Server, fresh_index: str) -> None:
    with connected(node_36, fresh_index) as cluster:
        version = open_version(cluster, SPACE, make=True)
        load = Load(cluster, version, beat=0.1, patience=60)
        try:
            node_36.ask("DELETE", f"/{version.name}-ledger")
            time.sleep(0.5)  # for some signs of life
            assert indices(node_36, fresh_index) == {version.name}
            open_version(cluster, SPACE, make=True)  # another loader comes, and makes it anew
            with pytest.raises(TakenForDead, match="Run the same command again"):
                _confirm_until(load, time.monotonic() + 60)
            assert not load.is_served
        finally:
            load.leave()


def _confirm_until(load: Load, deadline: float) -> None:
    while time.monotonic() < deadline:
        load.confirm()
        time.sleep(0.05)
