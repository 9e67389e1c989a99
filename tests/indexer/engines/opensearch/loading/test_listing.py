"""The list of files that a load is made of: the same for every share, and all of it loaded before it is served."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.errors import OtherFiles
from indexer.engines.opensearch.loading import loaders
from indexer.engines.opensearch.loading.ledger import ClusterLedger
from indexer.engines.opensearch.loading.ledger_index import LedgerIndex
from indexer.engines.opensearch.loading.load import Load
from indexer.engines.opensearch.loading.opening import open_version
from indexer.engines.opensearch.loading.versions import Version, find_versions
from indexer.engines.writing import DEFAULT, Share, WriteOptions
from indexer.ledger import FileEntry
from tests.indexer.engines.opensearch.reaching import SPACE, served
from tests.opensearch.server import Server

pytestmark = pytest.mark.slow

FILES = ("a.xml", "b.xml", "c.xml")


def loading(
    cluster: Cluster, version: Version, share: Share = DEFAULT.share, files: Sequence[str] = FILES, **options: Any
) -> Load:
    return Load(cluster, version, share, files=files, beat=0.1, patience=60, grace=0, **options)


def finished(cluster: Cluster, version: Version, *names: str) -> None:
    for name in names:
        ClusterLedger(cluster, version.name).tick(FileEntry(name=name, digest="1"))


def kinds(node: Server, version: Version) -> set[str]:
    """Of all documents in the ledger's index."""
    node.ask("POST", f"/{version.name}-ledger/_refresh")
    left = node.ask("POST", f"/{version.name}-ledger/_search", {"size": 100})["hits"]["hits"]
    return {hit["_source"]["kind"] for hit in left}


def test_a_share_of_another_list_is_refused_and_leaves_no_trace(
    cluster: Cluster, version: Version, rows: LedgerIndex
) -> None:
    first = loading(cluster, version, Share(1, 2))
    before = list(rows.all(loaders.SHARE)), [loader.id for loader in loaders.loaders(rows)]
    said = (
        r"'[^']+-v1' is being loaded in 2 shares of 3 files, but 2 files are named here, without 'c\.xml'\. "
        r"Name the same FILES to every share.*`biocpt drop [^`]+-v1`"
    )
    with pytest.raises(OtherFiles, match=said):
        loading(cluster, version, Share(2, 2), FILES[:2])
    with pytest.raises(OtherFiles, match=r"but 3 files are named here, without 'c\.xml' and with 'd\.xml'\."):
        loading(cluster, version, Share(2, 2), ("a.xml", "b.xml", "d.xml"))
    with pytest.raises(OtherFiles, match=r"but 4 files are named here, with 'c\.xml'\."):
        loading(cluster, version, Share(2, 2), (*FILES, "c.xml"))
    assert before == (list(rows.all(loaders.SHARE)), [loader.id for loader in loaders.loaders(rows)])
    first.leave()


def test_the_same_names_in_another_order_are_the_same_list(cluster: Cluster, version: Version) -> None:
    finished(cluster, version, *FILES)
    loading(cluster, version, Share(1, 2)).finish()
    assert loading(cluster, version, Share(2, 2), FILES[::-1]).finish().is_served


def test_a_share_that_was_stopped_goes_on_with_its_list_and_no_other(cluster: Cluster, version: Version) -> None:
    loading(cluster, version, Share(1, 2)).leave()
    with pytest.raises(OtherFiles):
        loading(cluster, version, Share(1, 2), FILES[:2])
    loading(cluster, version, Share(1, 2)).leave()


def test_of_several_lists_that_come_at_once_one_counts(cluster: Cluster, version: Version) -> None:
    def come(number: int) -> str:
        try:
            loading(cluster, version, Share(number, 4), (f"{number}.xml",)).leave()
        except OtherFiles:
            return "refused"
        return "taken"

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(come, range(1, 5))) == ["refused", "refused", "refused", "taken"]


def test_nothing_is_served_before_every_file_of_the_list_is_loaded(
    node_36: Server, cluster: Cluster, version: Version
) -> None:
    finished(cluster, version, "a.xml")
    loading(cluster, version, Share(1, 2)).finish()
    told = loading(cluster, version, Share(2, 2)).finish()
    assert not told.is_served
    assert "given files that are not loaded: b.xml, c.xml. " in told.note
    assert served(node_36, cluster.address.alias) == set()
    finished(cluster, version, "b.xml", "c.xml")
    assert loading(cluster, version, Share(2, 2)).finish().is_served
    assert kinds(node_36, version) == {"finished", "published"}


def test_a_load_of_all_files_needs_its_own_list_too(cluster: Cluster, version: Version) -> None:
    finished(cluster, version, "a.xml", "b.xml")
    assert "not loaded: c.xml. " in loading(cluster, version).finish().note
    assert loading(cluster, version, files=FILES[:2]).finish().is_served  # c.xml is left out: nobody else had it


@pytest.mark.parametrize("rest", [[Share()], [Share(1, 2), Share(2, 2)]], ids=["unshared", "other shares"])
def test_who_takes_up_what_dead_shares_left_has_to_load_their_files(
    cluster: Cluster, version: Version, rest: list[Share]
) -> None:
    finished(cluster, version, "a.xml", "d.xml")
    loading(cluster, version, Share(1, 16)).leave()
    for share in rest:
        told = loading(cluster, version, share, ("a.xml", "d.xml")).finish()
    assert (told.is_served, "not loaded: b.xml, c.xml. Load them too" in told.note) == (False, True)
    assert "--other-files" in told.note
    finished(cluster, version, "b.xml", "c.xml")
    assert loading(cluster, version, rest[-1], ("a.xml", "d.xml")).finish().is_served


def test_what_dead_shares_left_is_left_out_where_that_is_asked_for(cluster: Cluster, version: Version) -> None:
    finished(cluster, version, "a.xml")
    loading(cluster, version, Share(1, 16)).leave()
    assert not loading(cluster, version, Share(), ("a.xml", "b.xml"), other_files=True).finish().is_served
    resumed = open_version(cluster, SPACE, make=False, options=WriteOptions(rebuild=True, other_files=True))
    assert resumed.name == version.name
    assert loading(cluster, resumed, Share(), ("a.xml",), other_files=True).finish().is_served


def test_who_does_not_tell_its_files_joins_any_and_is_bound_by_theirs(cluster: Cluster, version: Version) -> None:
    loading(cluster, version, Share(1, 2)).finish()
    told = loading(cluster, version, Share(2, 2), ()).finish()
    assert (told.is_served, "not loaded: a.xml, b.xml, c.xml. " in told.note) == (False, True)


def test_of_many_files_that_are_not_loaded_some_are_named(cluster: Cluster, version: Version) -> None:
    told = loading(cluster, version, files=[f"{number}.xml" for number in range(1, 6)]).finish()
    assert "not loaded: 1.xml, 2.xml, 3.xml, … (5 files). " in told.note


def test_lists_of_loads_into_what_is_served_are_not_compared(
    node_36: Server, cluster: Cluster, version: Version
) -> None:
    finished(cluster, version, *FILES)
    assert loading(cluster, version).finish().is_served
    known = find_versions(cluster).served
    assert known is not None
    for number, files in ((1, ("x.xml",)), (2, ("y.xml", "z.xml"))):
        assert loading(cluster, known, Share(number, 2), files).finish().is_served
    assert kinds(node_36, version) == {"finished", "published"}
