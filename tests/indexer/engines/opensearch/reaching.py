"""Connections of our own to a test server, and what lies there, asked without our code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from indexer.engines.location import Access
from indexer.engines.opensearch.connecting.address import parse
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.protocol import VectorSpace
from tests.opensearch.server import Server

SPACE = VectorSpace(model="test", fingerprint="f" * 16, dimension=8, similarity="ip")


@contextmanager
def connected(node: Server, alias: str) -> Iterator[Cluster]:
    """A connection to the index of that name, closed after."""
    cluster = Cluster(parse(f"{node.url}/{alias}"), Access())
    try:
        yield cluster
    finally:
        cluster.close()


def indices(node: Server, alias: str) -> set[str]:
    """The concrete indices whose names begin so."""
    return set(node.ask("GET", f"/{alias}*?expand_wildcards=all"))


def served(node: Server, alias: str) -> set[str]:
    """The indices that the alias names."""
    found = node.ask("GET", f"/{alias}*/_alias")
    return {name for name, said in found.items() if alias in said["aliases"]}


def settings(node: Server, index: str) -> dict[str, Any]:
    """Refresh and copies of an index, as set."""
    said = node.ask("GET", f"/{index}/_settings?flat_settings=true")[index]["settings"]
    names = ("refresh_interval", "number_of_replicas", "auto_expand_replicas")
    return {name: said.get(f"index.{name}") for name in names}
