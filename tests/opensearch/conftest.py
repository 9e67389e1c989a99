"""What tests of faults share: files, the index of their undisturbed load, and a node of ours to kill."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.disturbing import driver, run, some_files
from tests.opensearch.fixtures import tools_or_skip
from tests.opensearch.node import Node
from tests.opensearch.servers import Servers
from tests.search.cli.in_process import biocpt

__all__ = ["biocpt"]

SETTINGS = {
    "thread_pool.write.size": 1,
    "thread_pool.write.queue_size": 1,
    "cluster.info.update.interval": "10s",
}


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """359 records of articles and deletions in four files."""
    return some_files(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="session")
def calm(files: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder index of a load of these files that nobody disturbed."""
    folder = tmp_path_factory.mktemp("calm") / "index"
    run(driver(folder, files))
    return folder


@pytest.fixture(scope="session")
def frail(servers: Servers) -> Iterator[Node]:
    """The node behind `frail_node`."""

    with tools_or_skip(os.environ):
        node = servers.start("3.6.0", settings=SETTINGS)
    yield node
    servers.forget(node)


@pytest.fixture
def frail_node(frail: Node, fresh_index: str) -> Iterator[Node]:
    """A 3.6.0 alone in its cluster, shared by the tests of faults: kill it, suspend it, fill its disk.

    It writes with one thread, and lets one more request wait: more are answered with 429. It looks at its disk
    every ten seconds.
    """
    if frail.pid is None:
        frail.start()
    yield frail
    if frail.pid is None:
        frail.start()
    frail.resume()
    frail.ask("DELETE", f"/{fresh_index}*?expand_wildcards=all")
