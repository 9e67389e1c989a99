"""Remove versions that nobody is served from: old ones, and loads that were given up."""

from collections.abc import Collection

from indexer.engines.location import Location
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.errors import NoSuchVersion, StillLoading, StillServed
from indexer.engines.opensearch.loading.load import PATIENCE
from indexer.engines.opensearch.loading.publishing import living, removals
from indexer.engines.opensearch.loading.versions import Version, Versions, find_versions


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
        NoSuchVersion, StillServed: before anything is removed.
        StillLoading: somebody is loading one of them; the same.
    """
    cluster = Cluster(address.parse(location.name), location.access)
    try:
        versions = find_versions(cluster)
        chosen = [_droppable(cluster, versions, name) for name in dict.fromkeys(names)]
        chosen += [version for version in versions.old if old and version not in chosen]
        for version in chosen:
            _require_nobody(cluster, version, patience)
        actions = [removal for version in chosen for removal in removals(cluster, version)]
        if actions:
            named = ", ".join(version.name for version in chosen)
            cluster.request("POST", "/_aliases", {"actions": actions}, doing=f"drop {named}")
        return [version.name for version in chosen]
    finally:
        cluster.close()


def _droppable(cluster: Cluster, versions: Versions, name: str) -> Version:
    found = {version.name: version for version in versions.all.values()}
    if name not in found:
        raise NoSuchVersion(address=cluster.address, name=name, known=found)
    if found[name].is_served:
        raise StillServed(address=cluster.address, name=name)
    return found[name]


def _require_nobody(cluster: Cluster, version: Version, patience: float) -> None:
    if loaders := living(cluster, version, patience):
        raise StillLoading(address=cluster.address, name=version.name, loader=loaders[0])
