"""OpenSearch servers that tests ask for: node, node_219, node_36, start_node, cluster, secured_node, ml_node,
fresh_index.

A pytest plugin. Tests that ask for one by name get the marker `opensearch` by themselves; a test that takes one from
`request.getfixturevalue` marks itself. Where Java or Maven is missing they skip, and with CI=true they fail.
"""

import os
import uuid
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import contextmanager

import pytest

from tests.opensearch.cluster import Cluster
from tests.opensearch.java import MissingTool
from tests.opensearch.node import Node
from tests.opensearch.recipe import JAVAS
from tests.opensearch.secured import SecuredNode
from tests.opensearch.server import Server
from tests.opensearch.servers import Servers

FIXTURES = {"node", "node_219", "node_36", "start_node", "cluster", "secured_node", "ml_node"}

_SERVERS = pytest.StashKey[Servers]()
_RAN = pytest.StashKey[set[str]]()


@contextmanager
def tools_or_skip(environment: Mapping[str, str]) -> Iterator[None]:
    """Skip, saying what to install, where a tool is missing; fail where CI promises it."""
    try:
        yield
    except MissingTool as missing:
        if environment.get("CI") == "true":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Iterator[Servers]:
    """All of them, for a fixture that chooses by itself."""
    servers = pytestconfig.stash[_SERVERS]
    yield servers
    servers.close()


@pytest.fixture(scope="session", params=JAVAS)
def node(request: pytest.FixtureRequest, servers: Servers) -> Server:
    """The shared server of each version in turn: use a fresh index name, do it no harm."""
    with tools_or_skip(os.environ):
        return servers.at(request.param)


@pytest.fixture(scope="session")
def node_219(servers: Servers) -> Server:
    """The shared server of the 2.19 line."""
    with tools_or_skip(os.environ):
        return servers.at("2.19.1")


@pytest.fixture(scope="session")
def node_36(servers: Servers) -> Server:
    """The shared server of the 3.x line."""
    with tools_or_skip(os.environ):
        return servers.at("3.6.0")


@pytest.fixture
def start_node(servers: Servers) -> Iterator[Callable[..., Node]]:
    """`start_node(version, heap="512m", settings={…}, without=[…])`: a node for this test alone, to be killed, filled
    or starved; `without` some of its plugins.
    """
    started: list[Node] = []

    def start(
        version: str, *, heap: str = "512m", settings: Mapping[str, object] | None = None, without: Collection[str] = ()
    ) -> Node:
        with tools_or_skip(os.environ):
            started.append(servers.start(version, heap=heap, settings=settings, without=without))
        return started[-1]

    yield start
    for node in started:
        servers.forget(node)


@pytest.fixture
def cluster(servers: Servers) -> Cluster:
    """Three nodes of the 3.x line, whole and green, shared by the run: kill what you like."""
    with tools_or_skip(os.environ):
        return servers.cluster()


@pytest.fixture
def secured_node(servers: Servers) -> SecuredNode:
    """A 2.19.1 with TLS and users, shared by the run: make roles and users of your own."""
    with tools_or_skip(os.environ):
        return servers.secured()


@pytest.fixture(scope="session")
def ml_node(servers: Servers) -> Server:
    """A 3.6.0 with ml-commons, which may ask model servers, shared by the run: make models of names of your own."""
    with tools_or_skip(os.environ):
        return servers.ml()


@pytest.fixture
def fresh_index(servers: Servers) -> Iterator[str]:
    """A name that no index has; whatever begins with it is deleted after the test."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield name
    servers.delete(name)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_SERVERS] = Servers(os.environ)
    config.stash[_RAN] = set()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.opensearch)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.config.stash[_SERVERS].test = item.nodeid


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    servers = item.config.stash[_SERVERS]
    item.config.stash[_RAN].add(item.nodeid)
    for value in getattr(item, "funcargs", {}).values():
        if isinstance(value, Server | Cluster):
            servers.used[value.version].add(item.nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    item.config.stash[_SERVERS].test = None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows the log of the node that died meanwhile."""
    report = yield
    if report.failed:
        report.sections.extend(item.config.stash[_SERVERS].deaths())
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    terminalreporter.write_line(config.stash[_SERVERS].summary(config.stash[_RAN]))
