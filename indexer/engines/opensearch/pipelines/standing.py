"""What stands in a cluster: the pipelines of an index, whose they are, and which is its default."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from indexer.engines.location import Location
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.loading.versions import Version, find_versions
from indexer.engines.opensearch.pipelines.bodies import KINDS, Body, is_ours, name_of, replaced_by, version_of
from indexer.engines.opensearch.pipelines.defaults import default_of
from indexer.engines.opensearch.pipelines.errors import NothingToFuse
from indexer.engines.protocol import VectorSpace
from indexer.errors import NoIndex


@dataclass(frozen=True, slots=True)
class Standing:
    """A pipeline with a name of ours."""

    name: str
    kind: str
    body: Body
    is_ours: bool

    @property
    def version(self) -> int:
        """Of the body; 0 where it says none."""
        return version_of(self.body)

    @property
    def replaced(self) -> str:
        """The default of somebody else's that it stands in the place of; "" for none."""
        return replaced_by(self.body) if self.is_ours else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The pipelines of an index."""

    index: str
    """The version that is searched."""
    default: str
    """Its default pipeline, whosever; "" for none."""
    default_is_missing: bool
    """Whether there is no pipeline of that name, so that searches which name none are refused."""
    pipelines: tuple[Standing, ...]


def overview(location: Location) -> Overview:
    """What stands there now.

    Raises: NoIndex, and IndexerError where the cluster cannot be asked.
    """
    cluster = Cluster(address.parse(location.name), location.access)
    try:
        version = searched(cluster)
        found, default = standing(cluster, KINDS), default_of(cluster, version.name)
        return Overview(
            index=version.name,
            default=default,
            default_is_missing=bool(default) and pipeline(cluster, default) is None,
            pipelines=tuple(found.values()),
        )
    finally:
        cluster.close()


def space_of(location: Location) -> VectorSpace:
    """The vectors of the index, which name its model set.

    Raises: NoIndex, NothingToFuse, and IndexerError where the cluster cannot be asked.
    """
    cluster = Cluster(address.parse(location.name), location.access)
    try:
        return vectors_of(cluster, searched(cluster))
    finally:
        cluster.close()


def vectors_of(cluster: Cluster, version: Version) -> VectorSpace:
    """The same of one version.

    Raises: NothingToFuse, where it has none.
    """
    if version.meta.space is None:
        raise NothingToFuse(address=cluster.address)
    return version.meta.space


def searched(cluster: Cluster) -> Version:
    """The version of the index that clients are answered from.

    Raises: NoIndex, where there is none.
    """
    version = find_versions(cluster).read
    if version is None:
        raise NoIndex(location=cluster.address)
    return version


def standing(cluster: Cluster, kinds: Iterable[str]) -> Mapping[str, Standing]:
    """By kind, the pipelines that there are under our names, ours or not."""
    alias, found = cluster.address.alias, dict[str, Standing]()
    for kind in kinds:
        name = name_of(alias, kind)
        body = pipeline(cluster, name)
        if body is not None:
            found[kind] = Standing(name, kind, body, is_ours(body, alias))
    return found


def pipeline(cluster: Cluster, name: str) -> Body | None:
    """The body of a pipeline; None where there is none of that name."""
    doing = f"read the search pipeline {name!r}"
    said = cluster.request("GET", f"/_search/pipeline/{name}", ignore=(404,), doing=doing)
    found = said.get(name)
    return found if isinstance(found, Mapping) else None
