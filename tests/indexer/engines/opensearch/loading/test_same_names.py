"""Two files of one name: shares tell files apart by their names, so theirs have to differ."""

from pathlib import Path

import pytest

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.loading.ledger import ClusterLedger
from indexer.engines.opensearch.loading.ledger_index import LedgerIndex
from indexer.engines.opensearch.loading.listing import LISTING
from indexer.engines.opensearch.loading.load import Load
from indexer.engines.opensearch.loading.versions import Version
from indexer.engines.writing import Share
from indexer.errors import SameName
from indexer.shares import take_share
from tests.indexer.pubmed_files import Entry, write

pytestmark = pytest.mark.slow


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Two, each with a file of the same name and its own article."""
    for name, pmid in (("a", "1"), ("b", "2")):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "part1.xml", [Entry(pmid)])
    return [tmp_path / "a", tmp_path / "b"]


def test_folders_in_another_order_do_not_make_two_shares_take_the_same_file(
    cluster: Cluster, version: Version, folders: list[Path]
) -> None:
    ledger = ClusterLedger(cluster, version.name)
    for number, order in ((1, folders), (2, folders[::-1])):
        with pytest.raises(SameName, match=r"'part1\.xml'"):
            take_share(order, ledger, Share(number, 2))
    assert ledger.arrivals() == {}


def test_a_list_with_a_name_twice_is_kept_for_no_share(cluster: Cluster, version: Version, rows: LedgerIndex) -> None:
    with pytest.raises(SameName, match=r"Two of the files are named 'part1\.xml', and"):
        Load(cluster, version, Share(1, 2), files=("part1.xml", "c.xml", "part1.xml"))
    assert list(rows.all(LISTING)) == []


def test_a_loader_without_a_share_takes_both(cluster: Cluster, version: Version, folders: list[Path]) -> None:
    taken = take_share(folders, ClusterLedger(cluster, version.name), Share())
    assert taken == [folder / "part1.xml" for folder in folders]
    Load(cluster, version, files=("part1.xml", "part1.xml")).leave()
