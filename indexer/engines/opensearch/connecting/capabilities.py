"""What a cluster can do: its version, its plugins and its size, asked once, and never tried out on it."""

import re
from dataclasses import dataclass
from typing import Any

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.connection_errors import (
    HiddenVersion,
    MissingPlugin,
    NotOpenSearch,
    OldServer,
)
from indexer.engines.opensearch.errors import RequestRefused

OLDEST = (2, 13)
"""The first with inner products in Lucene's vectors."""

_KNN, _NEURAL = "opensearch-knn", "opensearch-neural-search"
_SHAM = "7.10.2"
"""What OpenSearch calls itself if told to pose as Elasticsearch, whose own 7.10.2 had Lucene 8."""
_PLUGINS = "nodes.*.plugins.name,nodes.*.roles"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """A plugin counts as there when every data node has it. None: the user may not know."""

    distribution: str
    version: tuple[int, int, int]
    has_knn: bool | None
    has_neural_search: bool | None
    data_nodes: int | None

    @property
    def release(self) -> str:
        """`3.6.0`."""
        return ".".join(map(str, self.version))


def capabilities(cluster: Cluster) -> Capabilities:
    """Asks the cluster; what needs the right to see its nodes is None without it.

    Raises:
        NotOpenSearch: it is Elasticsearch, or something else.
        HiddenVersion: it poses as such.
        MissingRight: not even its version may be read.
    """
    doing = "tell its version"
    distribution, version = _identified(cluster, cluster.request("GET", "/", doing=doing))
    try:
        nodes = cluster.request(
            "GET", "/_nodes/plugins", params={"filter_path": _PLUGINS}, doing="tell the plugins of its nodes"
        )
    except RequestRefused as refused:
        if refused.status not in (403, 404, 405):  # the last two: a service that hides its nodes
            raise
        plugins = None
    else:
        plugins = [_plugins(node) for node in nodes.get("nodes", {}).values() if "data" in _kinds(node)]
    return Capabilities(
        distribution=distribution,
        version=version,
        has_knn=None if plugins is None else all(_KNN in names for names in plugins),
        has_neural_search=None if plugins is None else all(_NEURAL in names for names in plugins),
        data_nodes=None if plugins is None else len(plugins),
    )


def require(cluster: Cluster, *, vectors: bool = False) -> Capabilities:
    """The same, of a cluster that can hold an index of ours, with vectors if they are asked for.

    Where the plugins cannot be seen they are taken to be there; making the index tells.

    Raises:
        OldServer: the version is too old.
        MissingPlugin: vectors are asked for, and k-NN is not installed.
    """
    found = capabilities(cluster)
    if found.version < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise OldServer(address=cluster.address, version=found.release, oldest=oldest)
    if vectors and found.has_knn is False:
        without = "make an index without vectors (--model none)"
        raise MissingPlugin(address=cluster.address, plugin=_KNN, without=without)
    return found


def _identified(cluster: Cluster, answer: Any) -> tuple[str, tuple[int, int, int]]:
    about = answer.get("version") if isinstance(answer, dict) else None
    if not isinstance(about, dict):
        raise NotOpenSearch(address=cluster.address, found="something that tells no version")
    number = re.match(r"(\d+)\.(\d+)\.(\d+)", str(about.get("number")))
    distribution = str(about.get("distribution", ""))
    if not distribution and str(about.get("number")) == _SHAM and not str(about.get("lucene_version")).startswith("8."):
        raise HiddenVersion(address=cluster.address)
    if distribution != "opensearch" or number is None:
        is_elastic = "lucene_version" in about and not distribution
        name = "Elasticsearch" if is_elastic else distribution or "something"
        raise NotOpenSearch(address=cluster.address, found=f"{name} {str(about.get('number'))[:40]}")
    major, minor, patch = map(int, number.groups())
    return distribution, (major, minor, patch)


def _plugins(node: Any) -> set[str]:
    return {str(plugin.get("name")) for plugin in node.get("plugins", [])}


def _kinds(node: Any) -> set[str]:
    """What the node does; one that holds some tier of data holds data."""
    return {"data" if str(role).startswith("data") else str(role) for role in node.get("roles", [])}
