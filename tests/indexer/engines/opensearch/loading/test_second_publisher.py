"""Who publishes a version that is served already: it stays the only one, or else is left alone."""

from functools import partial
from typing import Any

import pytest

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.loading import aliasing, publishing
from indexer.engines.opensearch.loading.load import Load
from indexer.engines.opensearch.loading.opening import open_version
from indexer.engines.opensearch.loading.publishing import PublishOptions, publish
from indexer.engines.opensearch.loading.versions import Version
from indexer.engines.writing import WriteOptions
from tests.indexer.engines.opensearch.reaching import SPACE, served
from tests.opensearch.server import Server

pytestmark = pytest.mark.slow

AT_ONCE = PublishOptions(grace=0)


@pytest.fixture
def first(cluster: Cluster, version: Version) -> Version:
    """The version that is served."""
    assert Load(cluster, version, grace=0).finish().is_served
    return version


@pytest.fixture
def second(cluster: Cluster, first: Version) -> Version:
    """A rebuild of it."""
    return open_version(cluster, SPACE, make=True, options=WriteOptions(rebuild=True))


def put_back(node: Server, alias: str, *, to: Version, away_from: Version) -> None:
    """As an operator does by hand."""
    away, here = {"index": away_from.name, "alias": alias}, {"index": to.name, "alias": alias}
    node.ask("POST", "/_aliases", {"actions": [{"remove": away}, {"add": here}]})


def before_the_swap(monkeypatch: pytest.MonkeyPatch, act: partial[None]) -> None:
    def acting(*arguments: Any, **options: Any) -> bool:
        act()
        return aliasing.move(*arguments, **options)

    monkeypatch.setattr(publishing, "move", acting)


def test_a_version_that_is_withdrawn_as_it_is_published_once_more_is_not_served_beside_the_other(
    node_36: Server, cluster: Cluster, first: Version, second: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    alias = cluster.address.alias
    assert Load(cluster, second, grace=0).finish().is_served
    before_the_swap(monkeypatch, partial(put_back, node_36, alias, to=first, away_from=second))
    told = publish(cluster, second, AT_ONCE)
    assert (told.is_served, "what is served changed" in told.note) == (False, True)
    assert served(node_36, alias) == {first.name}


def test_a_version_that_is_served_already_is_published_once_more_and_keeps_an_operators_filter(
    node_36: Server, cluster: Cluster, first: Version
) -> None:
    alias = cluster.address.alias
    kept = {"filter": {"term": {"has_text": True}}}
    node_36.ask("POST", "/_aliases", {"actions": [{"add": {"index": first.name, "alias": alias, **kept}}]})
    assert publish(cluster, first, AT_ONCE).is_served
    assert node_36.ask("GET", f"/_alias/{alias}")[first.name]["aliases"][alias] == kept
