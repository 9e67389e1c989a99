"""What tests of loading share: a version of a fresh index, and its ledger."""

from collections.abc import Iterator

import pytest

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.loading.ledger_index import LedgerIndex
from indexer.engines.opensearch.loading.opening import open_version
from indexer.engines.opensearch.loading.versions import Version
from tests.indexer.engines.opensearch.reaching import SPACE, connected
from tests.opensearch.server import Server


@pytest.fixture
def cluster(node_36: Server, fresh_index: str) -> Iterator[Cluster]:
    with connected(node_36, fresh_index) as cluster:
        yield cluster


@pytest.fixture
def version(cluster: Cluster) -> Version:
    return open_version(cluster, SPACE, make=True)


@pytest.fixture
def rows(cluster: Cluster, version: Version) -> LedgerIndex:
    return LedgerIndex(cluster, f"{version.name}-ledger")
