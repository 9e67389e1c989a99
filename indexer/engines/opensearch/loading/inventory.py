"""The versions of an index as people are told of them: which is served, which is being loaded, and by whom."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Literal, TypeAlias

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.contents.documents import DELETED
from indexer.engines.opensearch.contents.mapping import Meta
from indexer.engines.opensearch.errors import ClosedInCluster, RequestRefused
from indexer.engines.opensearch.loading.ledger_index import LedgerIndex
from indexer.engines.opensearch.loading.loaders import Watch
from indexer.engines.opensearch.loading.versions import Version, Versions, find_versions, is_withdrawn, ledger_name
from indexer.engines.opensearch.pipelines.defaults import PLAIN
from indexer.engines.protocol import VersionInfo

State: TypeAlias = Literal["served", "being loaded", "old", "withdrawn"]


def inventory(cluster: Cluster) -> tuple[VersionInfo, ...]:
    """Every version, by number."""
    versions = find_versions(cluster)
    return tuple(described for version in versions.all.values() for described in _described(cluster, versions, version))


def _described(cluster: Cluster, versions: Versions, version: Version) -> Iterator[VersionInfo]:
    """Nothing for one that is dropped at this moment."""
    try:
        yield _info(cluster, versions, version)
    except RequestRefused as error:
        if error.status not in (404, 503):
            raise


def _info(cluster: Cluster, versions: Versions, version: Version) -> VersionInfo:
    meta = version.said if isinstance(version.said, Meta) else None
    state: State = "being loaded"  # also of a newer one whose ledger is closed, and does not say that it was served
    articles: int | None = None
    loaders: tuple[str, ...] = ()
    with suppress(ClosedInCluster):
        state = _state(cluster, versions, version)
        articles, loaders = _articles(cluster, version), _loaders(cluster, version)
    return VersionInfo(
        name=version.name,
        state=state,
        articles=articles,
        model=meta.space.model if meta is not None and meta.space is not None else "",
        vectors=meta.vectors if meta is not None and meta.space is not None else "",
        created=version.created,
        loaders=loaders,
    )


def _state(cluster: Cluster, versions: Versions, version: Version) -> State:
    if version.is_served:
        return "served"
    if version in versions.old:
        return "old"
    return "withdrawn" if is_withdrawn(cluster, versions, version) else "being loaded"


def _articles(cluster: Cluster, version: Version) -> int:
    """Of one that is being loaded, what was written by now; for those who may not ask for that, what was shown."""
    doing = f"count the articles of {version.name!r}"
    if not version.is_served:
        cluster.request("POST", f"/{version.name}/_refresh", ignore=(403,), doing=doing)
    body = {"size": 0, "track_total_hits": True, "query": {"bool": {"must_not": [DELETED]}}}
    params = {**PLAIN, "filter_path": "hits.total.value"}
    said = cluster.request("POST", f"/{version.name}/_search", body, params=params, doing=doing)
    return int(said["hits"]["total"]["value"])  # `_count` would go through a default pipeline


def _loaders(cluster: Cluster, version: Version) -> tuple[str, ...]:
    """Those who are not known to be gone; that one is silent is only seen by watching it for a while."""
    watch = Watch(LedgerIndex(cluster, ledger_name(version.name)), patience=float("inf"))
    return tuple(map(str, watch.look()))
