"""Remove versions that nobody is served from: old ones, and loads that were given up."""

from collections.abc import Collection

from indexer.engines.location import Location
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.errors import NoSuchVersion, NotOurs, StillLoading, StillPublished, StillServed
from indexer.engines.opensearch.loading import loaders
from indexer.engines.opensearch.loading.ledger_index import PUBLISHING, LedgerIndex
from indexer.engines.opensearch.loading.load import PATIENCE
from indexer.engines.opensearch.loading.publishing import living, removals
from indexer.engines.opensearch.loading.versions import UNMARKED, Version, Versions, find_versions, ledger_name


def drop_from_cluster(
    location: Location, names: Collection[str], *, old: bool, patience: float = PATIENCE
) -> list[str]:
    """Remove versions with their ledgers, all in one step; their names.

    Args:
        location: of the index.
        names: of versions (`pubmed-v1`).
        old: all those before the served one too.
        patience: seconds without a sign of life after which a loader of a version is taken for dead.

    Raises:
        NoSuchVersion, StillServed, NotOurs: before anything is removed.
        StillLoading, StillPublished: somebody is loading one of them, or about to have it served; the same.
    """
    cluster = Cluster(address.parse(location.name), location.access)
    try:
        versions = find_versions(cluster)
        chosen = [_droppable(cluster, versions, name) for name in dict.fromkeys(names)]
        chosen += [version for version in versions.old if old and version not in chosen]
        for version in chosen:
            _require_nobody(cluster, version, patience)
            if version not in versions.old:
                _require_no_publisher(cluster, version)
        actions = [removal for version in chosen for removal in removals(cluster, version)]
        _require_unserved(cluster, chosen)  # once more: the waiting took its time
        if actions:
            named = ", ".join(version.name for version in chosen)
            cluster.request("POST", "/_aliases", {"actions": actions}, doing=f"drop {named}")
        return [version.name for version in chosen]
    finally:
        cluster.close()


def _droppable(cluster: Cluster, versions: Versions, name: str) -> Version:
    found = {version.name: version for version in versions.all.values()}
    if name in versions.strangers:
        raise NotOurs(address=cluster.address, name=name, why=UNMARKED)
    if name not in found:
        raise NoSuchVersion(address=cluster.address, name=name, known=found)
    if found[name].is_served:
        raise StillServed(address=cluster.address, name=name)
    return found[name]


def _require_nobody(cluster: Cluster, version: Version, patience: float) -> None:
    if found := living(cluster, version, patience):
        raise StillLoading(address=cluster.address, name=version.name, loader=found[0])


def _require_no_publisher(cluster: Cluster, version: Version) -> None:
    """A publisher is done with loading, and not seen as a loader any more."""
    mark = LedgerIndex(cluster, ledger_name(version.name)).get(PUBLISHING)
    if mark is not None and not loaders.is_gone(mark.said):
        publisher = f"process {mark.said['pid']} on {mark.said['host']}"
        raise StillPublished(address=cluster.address, name=version.name, publisher=publisher)


def _require_unserved(cluster: Cluster, chosen: Collection[Version]) -> None:
    served = find_versions(cluster).served
    if served is not None and served.name in {version.name for version in chosen}:
        raise StillServed(address=cluster.address, name=served.name)
