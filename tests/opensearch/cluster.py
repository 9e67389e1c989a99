"""Three nodes that form one cluster, any of which can be killed and started again."""

from collections.abc import Mapping
from pathlib import Path

from tests.opensearch.node import Node
from tests.opensearch.recipe import Distribution
from tests.opensearch.server import Server

_PATIENCE = 600.0  # seconds; three starts share the processors


class Cluster:
    """A cluster of nodes from one unpacked server, each with a folder, ports and 512 MB of heap of its own."""

    def __init__(
        self, distribution: Distribution, folder: Path, *, size: int = 3, settings: Mapping[str, object] | None = None
    ) -> None:
        self.version = distribution.version
        self.nodes = [Node(distribution, folder.with_name(f"{folder.name}-{number}")) for number in range(size)]
        shared = {
            "discovery.type": "zen",  # several nodes: the server's default
            "discovery.seed_hosts": [node.transport for node in self.nodes],
            "cluster.initial_cluster_manager_nodes": [node.folder.name for node in self.nodes],
            **(settings or {}),
        }
        for node in self.nodes:
            node.settings |= shared

    @property
    def running(self) -> list[Node]:
        """The nodes that run now, in a fixed order."""
        return [node for node in self.nodes if node.pid is not None]

    @property
    def server(self) -> Server:
        """The first node that runs: to ask the cluster something."""
        return self.running[0]

    @property
    def urls(self) -> list[str]:
        """The address of every node, running or not."""
        return [node.url for node in self.nodes]

    def start(self) -> None:
        """Start the nodes that do not run, wake those that are suspended, and wait until all are one green cluster."""
        for node in self.nodes:
            if node.pid is None:
                node.launch()
            else:
                node.resume()
        self.wait_green()

    def wait_green(self, *, patience: float = _PATIENCE) -> None:
        """Wait, in seconds, until all nodes that run see each other and every copy of every shard is in its place."""
        for node in self.running:
            node.wait("green", nodes=len(self.running), patience=patience)

    def holder_of_primary(self, index: str, *, shard: int = 0) -> Node:
        """The node that holds the primary copy of a shard; `index` may be an alias."""
        for copy in self.server.ask("GET", f"/_cat/shards/{index}?format=json&h=shard,prirep,state,node"):
            if (copy["shard"], copy["prirep"], copy["state"]) == (str(shard), "p", "STARTED"):
                return next(node for node in self.nodes if node.folder.name == copy["node"])
        raise LookupError(f"No started primary of shard {shard} of '{index}'.")

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()
