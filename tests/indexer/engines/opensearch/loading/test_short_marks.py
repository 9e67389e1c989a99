"""The mark of a publisher that says less than ours do: a dead one's, which stops nobody."""

import pytest

from indexer.engines.location import Location
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.loading.dropping import drop_from_cluster
from indexer.engines.opensearch.loading.ledger_index import PUBLISHING, LedgerIndex
from indexer.engines.opensearch.loading.load import Load
from indexer.engines.opensearch.loading.mark import Mark
from indexer.engines.opensearch.loading.opening import open_version
from indexer.engines.opensearch.loading.versions import Version
from tests.indexer.engines.opensearch.reaching import SPACE

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("said", [{}, {"drop_old": True}], ids=["nothing", "part"])
def test_its_version_can_be_dropped(
    cluster: Cluster, version: Version, rows: LedgerIndex, said: dict[str, object]
) -> None:
    rows.put(PUBLISHING, PUBLISHING, said)
    where = Location(str(cluster.address))
    assert drop_from_cluster(where, [version.name], old=False, patience=0.1) == [version.name]


def test_it_is_not_taken_away_by_another_publisher(rows: LedgerIndex) -> None:
    with Mark(rows, drop_old=False, beat=60) as mark:
        rows.put(PUBLISHING, PUBLISHING, {})
        mark.remove()
    assert rows.get(PUBLISHING) is not None


def test_what_follows_the_swap_is_done_by_the_next_load(cluster: Cluster, version: Version, rows: LedgerIndex) -> None:
    assert Load(cluster, version, grace=0).finish().is_served
    rows.put(PUBLISHING, PUBLISHING, {})
    assert Load(cluster, open_version(cluster, SPACE, make=False), grace=0).finish().is_served
    assert rows.get(PUBLISHING) is None
