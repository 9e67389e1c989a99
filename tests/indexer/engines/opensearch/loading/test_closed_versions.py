"""Versions that somebody closed, beside the one that is served: they hold up nobody, and are told of."""

import pytest

from indexer.engines.location import Location
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.loading.dropping import drop_from_cluster
from indexer.engines.opensearch.loading.inventory import inventory
from indexer.engines.opensearch.loading.ledger_index import PUBLISHING, LedgerIndex
from indexer.engines.opensearch.loading.load import Load
from indexer.engines.opensearch.loading.opening import open_version
from indexer.engines.opensearch.loading.versions import Version, ledger_name
from indexer.engines.writing import WriteOptions
from tests.indexer.engines.opensearch.reaching import SPACE, indices, served
from tests.opensearch.server import Server

pytestmark = pytest.mark.slow

REBUILD = WriteOptions(rebuild=True)


def loading(cluster: Cluster, version: Version, *, drop_old: bool = False) -> Load:
    return Load(cluster, version, drop_old=drop_old, grace=0)


def rebuilt(cluster: Cluster) -> Version:
    return open_version(cluster, SPACE, make=True, options=REBUILD)


def close(node: Server, version: Version) -> None:
    """With its ledger."""
    node.ask("POST", f"/{version.name},{ledger_name(version.name)}/_close")


def states(cluster: Cluster) -> list[tuple[str, int | None]]:
    return [(told.state, told.articles) for told in inventory(cluster)]


@pytest.fixture
def first(cluster: Cluster, version: Version) -> Version:
    """The version that is served."""
    assert loading(cluster, version).finish().is_served
    return version


def test_closed_old_versions_are_kept_and_the_others_dropped_and_later_loads_go_on(
    node_36: Server, cluster: Cluster, first: Version
) -> None:
    second = rebuilt(cluster)
    assert loading(cluster, second).finish().is_served
    close(node_36, first)
    third = rebuilt(cluster)
    told = loading(cluster, third, drop_old=True).finish()
    assert told.is_served
    assert f"1 older kept (closed: {first.name}); to drop: `biocpt drop {first.name}`." in told.note
    alias = cluster.address.alias
    assert served(node_36, alias) == {third.name}
    assert second.name not in indices(node_36, alias)
    assert LedgerIndex(cluster, ledger_name(third.name)).get(PUBLISHING) is None
    assert loading(cluster, open_version(cluster, SPACE, make=False)).finish().is_served
    assert loading(cluster, rebuilt(cluster)).finish().is_served


@pytest.mark.parametrize("by_name", [True, False], ids=["by name", "as old"])
def test_a_closed_old_version_can_be_dropped(
    node_36: Server, cluster: Cluster, first: Version, *, by_name: bool
) -> None:
    second = rebuilt(cluster)
    assert loading(cluster, second).finish().is_served
    close(node_36, first)
    where = Location(str(cluster.address))
    assert drop_from_cluster(where, [first.name] if by_name else [], old=not by_name) == [first.name]
    assert indices(node_36, cluster.address.alias) == {second.name, ledger_name(second.name)}


def test_a_closed_version_that_was_being_loaded_is_told_of_and_can_be_dropped(
    node_36: Server, cluster: Cluster, first: Version
) -> None:
    second = rebuilt(cluster)
    loading(cluster, second).leave()
    close(node_36, second)
    assert states(cluster) == [("served", 0), ("being loaded", None)]
    assert drop_from_cluster(Location(str(cluster.address)), [second.name], old=False) == [second.name]
    assert states(cluster) == [("served", 0)]


def test_a_withdrawn_version_that_is_closed_is_told_of(node_36: Server, cluster: Cluster, first: Version) -> None:
    second, alias = rebuilt(cluster), cluster.address.alias
    assert loading(cluster, second).finish().is_served
    back = [{by: {"index": of.name, "alias": alias}} for by, of in (("remove", second), ("add", first))]
    node_36.ask("POST", "/_aliases", {"actions": back})
    node_36.ask("POST", f"/{second.name}/_close")
    assert states(cluster) == [("served", 0), ("withdrawn", None)]
    close(node_36, second)  # with what says that it was served
    assert states(cluster) == [("served", 0), ("being loaded", None)]
