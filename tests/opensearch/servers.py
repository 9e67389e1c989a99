"""The servers of one test run: each made when the first test wants it, shared by the rest, ended with the run."""

import itertools
import os
import shutil
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import urllib3

from tests.opensearch import recipe, secured
from tests.opensearch.cluster import Cluster
from tests.opensearch.node import Node
from tests.opensearch.recipe import JAVAS, Distribution
from tests.opensearch.run_folder import RunFolder
from tests.opensearch.secured import SecuredNode
from tests.opensearch.server import Server

RUNNING = "BIOCPT_TEST_NODES"
"""`2.19.1=http://127.0.0.1:9219 3.6.0=http://127.0.0.1:9236`: servers to use instead of starting ours.
`3.6.0-ml=…` is one with ml-commons."""

CLUSTER_VERSION = "3.6.0"
ML_VERSION = "3.6.0"

_ML = {
    "plugins.ml_commons.only_run_on_ml_node": False,
    "plugins.ml_commons.disk_free_space_threshold": "-1",
    "plugins.ml_commons.jvm_heap_memory_threshold": 100,
    "plugins.ml_commons.native_memory_threshold": 100,
}
"""A busy machine is no reason to refuse a prediction."""


class Servers:
    """Nothing is fetched, unpacked or started before a method asks for it.

    Every method that starts something raises `MissingTool` where Java is not installed, or Maven when it is needed.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._folder: RunFolder | None = None
        self._shared: dict[str, Server] = {}
        self._cluster: Cluster | None = None
        self._secured: SecuredNode | None = None
        self._ml: Node | None = None
        self._numbers = itertools.count(1)
        self.nodes: list[Node] = []
        """Every node that this run made."""
        self._dead: set[Node] = set()
        self.seconds: dict[str, list[float]] = defaultdict(list)
        """How long the first starts of nodes took, by version."""
        self.test: str | None = None
        """The test that runs now; None between tests and while one cleans up."""
        self.used: dict[str, set[str]] = defaultdict(set)
        """The tests that used a server, by its version."""
        for entry in environment.get(RUNNING, "").split():
            version, _, url = entry.partition("=")
            self._shared[version] = self._watched(Server(version.removesuffix("-ml"), url.rstrip("/")))

    def at(self, version: str) -> Server:
        """The one server of that version for all tests that do it no harm."""
        if version not in self._shared:
            self._shared[version] = self.start(version, heap="1g")
        return self._shared[version]

    def start(
        self,
        version: str,
        *,
        heap: str = "512m",
        settings: Mapping[str, object] | None = None,
        without: Collection[str] = (),
    ) -> Node:
        """A new node of its own for a test that will harm it, perhaps without some plugins."""
        distribution = self._obtain(version)
        folder = self._run.path / f"node-{next(self._numbers)}"
        if without:
            distribution = _reduced(distribution, without, folder.with_name(f"{folder.name}-home"))
        node = Node(distribution, folder, heap=heap, settings=settings)
        self._begin(node)
        return node

    def cluster(self) -> Cluster:
        """The three-node cluster, whole and green, whatever the last test did to it."""
        if self._cluster is None:
            self._cluster = Cluster(self._obtain(CLUSTER_VERSION), self._run.path / "cluster")
            self.nodes += map(self._watched_node, self._cluster.nodes)
        self._cluster.start()
        return self._cluster

    def secured(self) -> SecuredNode:
        """The node with TLS and users."""
        if self._secured is None:
            distribution = self._obtain(secured.VERSION, "security")
            node = SecuredNode(distribution, self._run.path / f"secured-{next(self._numbers)}")
            self._begin(node)
            self._secured = node
        return self._secured

    def ml(self) -> Server:
        """The 3.6.0 with ml-commons, whose models may run on any node."""
        if (running := self._shared.get(f"{ML_VERSION}-ml")) is not None:
            return running
        if self._ml is None:
            node = Node(self._obtain(ML_VERSION, "ml"), self._run.path / "ml", heap="1g", settings=_ML)
            self._begin(node)
            self._ml = node
        return self._ml

    def forget(self, node: Node) -> None:
        """Stop a node that `start` made and remove what it stored."""
        node.stop()
        node.close()
        self.nodes.remove(node)
        shutil.rmtree(node.folder)

    def delete(self, prefix: str) -> None:
        """Delete the indices whose names begin so, with their aliases, from every shared server that answers."""
        for server in self._answering():
            with suppress(urllib3.exceptions.HTTPError):
                server.ask("DELETE", f"/{prefix}*?expand_wildcards=all&ignore_unavailable=true")

    def deaths(self) -> Iterator[tuple[str, str]]:
        """Nodes that ended by themselves, each once: what to call it, and the last lines of its log."""
        for node in self.nodes:
            if node.died and node not in self._dead:
                self._dead.add(node)
                yield f"OpenSearch {node.version} ({node.folder.name}) died", node.log()

    def close(self) -> None:
        for node in self.nodes:
            node.stop()
        for server in {*self._shared.values(), *self.nodes}:
            server.close()
        if self._folder is not None:
            self._folder.close()

    def summary(self, ran: set[str]) -> str:
        """How many of the tests that ran did so against each version."""
        parts = [f"{len(self.used[version] & ran)} on {version}{self._starts(version)}" for version in JAVAS]
        return f"tests against OpenSearch: {', '.join(parts)}"

    @property
    def _run(self) -> RunFolder:
        if self._folder is None:
            self._folder = RunFolder(recipe.cache(self._environment))
        return self._folder

    def _obtain(self, version: str, *parts: recipe.Part) -> Distribution:
        return recipe.obtain(version, *parts, environment=self._environment)

    def _begin(self, node: Node) -> None:
        self.nodes.append(self._watched_node(node))
        began = time.monotonic()
        node.start()
        self.seconds[node.version].append(time.monotonic() - began)

    def _answering(self) -> Iterator[Server]:
        yield from (server for server in self._shared.values() if not isinstance(server, Node) or server.pid)
        if self._cluster is not None and self._cluster.running:
            yield self._cluster.server
        yield from (node for node in (self._secured, self._ml) if node is not None and node.pid)

    def _watched_node(self, node: Node) -> Node:
        node.on_use = self._note
        return node

    def _watched(self, server: Server) -> Server:
        server.on_use = self._note
        return server

    def _note(self, version: str) -> None:
        if self.test is not None:
            self.used[version].add(self.test)

    def _starts(self, version: str) -> str:
        took = self.seconds[version]
        return f" (started in {', '.join(f'{seconds:.0f} s' for seconds in took)})" if took else " (none started)"


def _reduced(whole: Distribution, without: Collection[str], home: Path) -> Distribution:
    """The same server without some plugins: its files are linked into another home."""

    def left_out(folder: str, names: list[str]) -> set[str]:
        return set(without).intersection(names) if folder == str(whole.home / "plugins") else set()

    shutil.copytree(whole.home, home, ignore=left_out, copy_function=os.link)
    return whole._replace(home=home)
