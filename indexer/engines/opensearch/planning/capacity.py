"""What a live cluster has for an index, and whether a load fits: memory, disk, nodes, what its version can do."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.engines.location import Location
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.capabilities import capabilities
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.errors import RequestRefused
from indexer.engines.opensearch.planning import sizing
from indexer.engines.opensearch.planning.sizing import Load, Need
from indexer.engines.writing import VectorEncoding

OLDEST: dict[VectorEncoding, tuple[int, int]] = {
    "lucene": (2, 13),
    "faiss": (2, 13),
    "faiss-fp16": (2, 13),
    "faiss-disk32x": (2, 17),
}
"""The first version that has an encoding, with inner products (OpenSearch's release notes)."""

DERIVED_SINCE = (3, 0)
"""The first version that does not keep vectors in `_source` unless told to."""

FLOOD = "95%"
"""Of a disk, beyond which OpenSearch blocks writes unless a cluster is told otherwise."""

_DISK = "cluster.routing.allocation.disk"
_UNITS = {"b": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40}
_NODES = (
    "nodes.*.name,nodes.*.roles,nodes.*.os.mem.total_in_bytes,nodes.*.os.cgroup.memory.limit_in_bytes,"
    "nodes.*.jvm.mem.heap_max_in_bytes,nodes.*.fs.total"
)
_SETTINGS = {
    "include_defaults": "true",
    "flat_settings": "true",
    "filter_path": "*.knn*circuit_breaker*,*.cluster*disk*threshold_enabled,*.cluster*disk*flood_stage",
}
"""A dot in `filter_path` parts names, so a flat name with dots is matched by stars alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node that keeps data; bytes."""

    name: str
    memory: int
    heap: int
    disk: int
    disk_free: int
    native_used: int = 0
    """By Faiss's graphs."""

    @property
    def beside_heap(self) -> int:
        """What is left for the page cache and for Faiss."""
        return max(self.memory - self.heap, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """A cluster's data nodes and what bounds them."""

    version: str
    nodes: tuple[Node, ...]
    has_knn: bool
    """Whether every data node has the k-NN plugin; who may not see the nodes' plugins is told that they have."""
    native_limit: str
    """`knn.memory.circuit_breaker.limit`: a part of the memory beside the heap (`50%`), or an amount (`60gb`)."""
    flood: str | None = FLOOD
    """`cluster.routing.allocation.disk.watermark.flood_stage`: writes are blocked where more of a disk than this is
    full (`95%`, `0.95`), or less than this is free (`500mb`); None where the cluster does not look."""

    @property
    def keeps_source_vectors(self) -> bool:
        """Whether this version stores vectors in `_source` too."""
        return _release(self.version) < DERIVED_SINCE

    @property
    def cache(self) -> int:
        """Bytes for the page cache, at the most."""
        return sum(node.beside_heap for node in self.nodes)

    @property
    def native(self) -> float:
        """Bytes that Faiss may still fill."""
        return sum(max(bounded(self.native_limit, node.beside_heap) - node.native_used, 0) for node in self.nodes)

    @property
    def disk(self) -> float:
        """Bytes that can be written before the first node's disk is so full that writes are blocked, if evenly."""
        return sum(max(node.disk_free - kept_free(self.flood, node.disk), 0) for node in self.nodes)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a load fits: what is lacking makes it fail, what is tight makes it slow or leaves no room."""

    lacking: tuple[str, ...] = ()
    tight: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether nothing is lacking."""
        return not self.lacking


def read(cluster: Cluster) -> Capacity:
    """What the cluster has now.

    Raises: ClusterUnreachable; RequestRefused, without the right to see the nodes.
    """
    doing = "tell what its nodes have"
    found = capabilities(cluster)
    stats = cluster.request("GET", "/_nodes/stats/os,jvm,fs", doing=doing, params={"filter_path": _NODES})
    graphs = {} if found.has_knn is False else _graphs(cluster)
    settings = cluster.request("GET", "/_cluster/settings", doing=doing, params=_SETTINGS)
    return Capacity(
        version=found.release,
        nodes=tuple(_node(said, graphs.get(id, {})) for id, said in stats["nodes"].items() if _keeps_data(said)),
        has_knn=found.has_knn is not False,
        native_limit=_native_limit(settings),
        flood=_flood(settings),
    )


def at(location: Location) -> Capacity:
    """What the cluster of an index has, whether the index exists or not.

    Raises: UnusableAddress, ClusterUnreachable, RequestRefused.
    """
    cluster = Cluster(address.parse(location.name), location.access)
    try:
        return read(cluster)
    finally:
        cluster.close()


def judge(wanted: Need, load: Load, has: Capacity) -> Verdict:
    """Whether a cluster bears a load in one encoding."""
    if not load.dimension:
        return Verdict(tuple(_no_place(load, has)) + tuple(_too_large(wanted, has)), tuple(_no_room(wanted, has)))
    lacking = [*_not_there(wanted, has), *_no_place(load, has), *_too_large(wanted, has)]
    tight = [*_no_room(wanted, has)]
    if wanted.is_native and wanted.memory > has.native:
        lacking.append(
            f"the graphs need {size(wanted.memory)} of native memory, and {size(has.native)} are left "
            f"(knn.memory.circuit_breaker.limit {has.native_limit}): writes will be refused"
        )
    if not wanted.is_native and wanted.memory > has.cache:
        tight.append(
            f"the graphs want {size(wanted.memory)} of page cache, and there are at most {size(has.cache)}: "
            "loading and searches will wait for the disk"
        )
    return Verdict(tuple(lacking), tuple(tight))


def warning(
    location: Location, files: Iterable[Path], *, dimension: int, encoding: VectorEncoding, replicas: int | None = None
) -> str | None:
    """One line for someone about to load files that will not fit; None where they fit, or where nobody may ask.

    How many articles files hold is estimated by their sizes.
    """
    try:
        has = at(location)
    except RequestRefused:
        return None
    articles = sizing.estimated_articles(files)
    copies = usual_replicas(has) if replicas is None else replicas
    load = Load(articles=articles, dimension=dimension, replicas=copies, keeps_source_vectors=has.keeps_source_vectors)
    verdict = judge(sizing.need(load, encoding), load, has)
    if verdict.fits:
        return None
    why = "; ".join(verdict.lacking)
    return (
        f"This load of about {articles:,} articles will not fit the cluster at '{location}': {why}. "
        f"`biocpt plan --articles {articles} --index {location}` shows what would."
    )


def usual_replicas(has: Capacity) -> int:
    """Copies of each shard where nobody asks for a number: one if there is a second node."""
    return 1 if len(has.nodes) > 1 else 0


def bounded(limit: str, whole: float) -> float:
    """The bytes of a limit such as `50%` or `60gb`, of so many bytes."""
    found = re.fullmatch(r"([\d.]+)\s*(%|[kmgt]?b)", limit.strip().lower())
    if found is None:
        return whole
    number, unit = float(found[1]), found[2]
    return whole * number / 100 if unit == "%" else min(number * _UNITS[unit], whole)


def kept_free(flood: str | None, whole: float) -> float:
    """The bytes of a disk that stay free for a flood stage such as `95%`, `0.95` or `500mb`, of so many bytes."""
    if flood is None:
        return 0.0
    part = re.fullmatch(r"([\d.]+)\s*(%?)", flood.strip())
    if part is None:
        return bounded(flood, whole)
    return whole * (1 - float(part[1]) / (100 if part[2] else 1))


def size(count: float) -> str:
    """Bytes for people: `133.8 GB`."""
    for unit, bytes_ in (("TB", 1e12), ("GB", 1e9)):
        if count >= bytes_:
            return f"{count / bytes_:,.1f} {unit}"
    return f"{count / 1e6:,.0f} MB"


def _not_there(wanted: Need, has: Capacity) -> Iterable[str]:
    if not has.has_knn:
        yield "the k-NN plugin is not installed"
    elif _release(has.version) < OLDEST[wanted.encoding]:
        yield f"version {has.version} does not have it (since {'.'.join(map(str, OLDEST[wanted.encoding]))})"


def _no_place(load: Load, has: Capacity) -> Iterable[str]:
    if load.replicas + 1 > len(has.nodes):
        yield f"{load.replicas + 1} copies of each shard need as many data nodes, and there are {len(has.nodes)}"


def _too_large(wanted: Need, has: Capacity) -> Iterable[str]:
    if wanted.disk > has.disk:
        yield f"the index needs {size(wanted.disk)} of disk, and {size(has.disk)} can be filled"


def _no_room(wanted: Need, has: Capacity) -> Iterable[str]:
    if wanted.disk <= has.disk < wanted.disk_with_room:
        yield f"of {size(has.disk)} of disk {size(wanted.disk)} are filled: little room for merges, none for a rebuild"


def _release(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def _graphs(cluster: Cluster) -> Mapping[str, Mapping[str, Any]]:
    """What Faiss's graphs fill, by node; nothing for who may not ask for it, or where nobody can be asked."""
    path, doing = "/_plugins/_knn/stats/graph_memory_usage", "tell what its graphs fill"
    said = cluster.request("GET", path, doing=doing, ignore=(400, 403, 404, 405))
    nodes: Mapping[str, Mapping[str, Any]] = said.get("nodes", {})
    return nodes


def _keeps_data(said: Mapping[str, Any]) -> bool:
    return any(role.startswith("data") for role in said["roles"])


def _node(said: Mapping[str, Any], graphs: Mapping[str, Any]) -> Node:
    """A node from what it says; the k-NN plugin counts its memory in kilobytes."""
    memory = int(said["os"]["mem"]["total_in_bytes"])
    limit = str(said["os"].get("cgroup", {}).get("memory", {}).get("limit_in_bytes", ""))
    return Node(
        name=said["name"],
        memory=min(memory, int(limit)) if limit.isdecimal() else memory,
        heap=int(said["jvm"]["mem"]["heap_max_in_bytes"]),
        disk=int(said["fs"]["total"]["total_in_bytes"]),
        disk_free=int(said["fs"]["total"]["available_in_bytes"]),
        native_used=1024 * int(graphs.get("graph_memory_usage", 0)),
    )


def _native_limit(settings: Mapping[str, Mapping[str, str]]) -> str:
    """`100%` where the limit is switched off."""
    said = _valid(settings)
    if said.get("knn.memory.circuit_breaker.enabled") == "false":
        return "100%"
    return said.get("knn.memory.circuit_breaker.limit", f"{sizing.NATIVE_SHARE:.0%}")


def _flood(settings: Mapping[str, Mapping[str, str]]) -> str | None:
    """None where the cluster does not look at its disks."""
    said = _valid(settings)
    if said.get(f"{_DISK}.threshold_enabled") == "false":
        return None
    return said.get(f"{_DISK}.watermark.flood_stage", FLOOD)


def _valid(settings: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    said: dict[str, str] = {}
    for kind in ("defaults", "persistent", "transient"):
        said.update(settings.get(kind, {}))
    return said
