"""Several loaders of one version: when it is served, and what is turned down until then."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import orjson
import pytest

from indexer.article import Article, Deletion
from indexer.engines.location import Location
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.contents.documents import document
from indexer.engines.opensearch.errors import NoSuchVersion, StillLoading, StillServed, UnsoundVersion
from indexer.engines.opensearch.loading import loaders
from indexer.engines.opensearch.loading.dropping import drop_from_cluster
from indexer.engines.opensearch.loading.ledger import ClusterLedger
from indexer.engines.opensearch.loading.ledger_index import LedgerIndex
from indexer.engines.opensearch.loading.load import Load
from indexer.engines.opensearch.loading.loaders import Loader, Watch
from indexer.engines.opensearch.loading.opening import open_version
from indexer.engines.opensearch.loading.versions import Version, find_versions
from indexer.engines.writing import DEFAULT, Share, WriteOptions
from indexer.ledger import FileEntry
from tests.indexer.engines.opensearch.reaching import SPACE, connected, indices, served, settings
from tests.opensearch.server import Server

pytestmark = pytest.mark.slow

REBUILD = WriteOptions(rebuild=True)
LOWERED = {"refresh_interval": "-1", "number_of_replicas": "0", "auto_expand_replicas": "false"}
AS_MADE = {"refresh_interval": None, "number_of_replicas": "0", "auto_expand_replicas": "0-1"}


def quick(cluster: Cluster, version: Version, share: Share = DEFAULT.share, *, patience: float = 60.0) -> Load:
    """A load with signs of life every tenth of a second."""
    return Load(cluster, version, share, beat=0.1, patience=patience)


def stranger(share: str = "1/1", *, beat: int = 0) -> Loader:
    """A loader on another machine."""
    return Loader(
        id="loader-stranger",
        host="far-away",
        namespace="",
        pid=1,
        share=share,
        state="loading",
        beat=beat,
        created=0,
        heard="2026-11-22T10:00:00+00:00",
    )


def test_one_loader_serves_the_version_and_restores_its_settings(node: Server, fresh_index: str) -> None:
    with connected(node, fresh_index) as cluster:
        version = open_version(cluster, SPACE, make=True)
        load = quick(cluster, version)
        assert settings(node, version.name) == LOWERED
        assert served(node, fresh_index) == set()
        assert load.finish().is_served
        load.leave()
        assert served(node, fresh_index) == {version.name}
        assert settings(node, version.name) == AS_MADE
        assert loaders.loaders(LedgerIndex(cluster, f"{version.name}-ledger")) == []


def test_a_served_version_is_left_as_it_is(node_36: Server, cluster: Cluster, version: Version) -> None:
    quick(cluster, version).finish()
    node_36.ask("PUT", f"/{version.name}/_settings", {"index": {"refresh_interval": "17s"}})
    again = quick(cluster, open_version(cluster, SPACE, make=False))
    assert again.is_served
    assert settings(node_36, version.name)["refresh_interval"] == "17s"
    assert again.finish().is_served
    again.leave()
    assert settings(node_36, version.name)["refresh_interval"] == "17s"


def test_what_an_operator_had_set_comes_back_even_after_a_crash(
    node_36: Server, cluster: Cluster, version: Version
) -> None:
    mine = {"refresh_interval": "33s", "number_of_replicas": 1, "auto_expand_replicas": False}
    node_36.ask("PUT", f"/{version.name}/_settings", {"index": mine})
    quick(cluster, version).leave()  # a crash would leave no more behind than this
    assert settings(node_36, version.name) == LOWERED
    assert quick(cluster, version).finish().is_served
    restored = {"refresh_interval": "33s", "number_of_replicas": "1", "auto_expand_replicas": "false"}
    assert settings(node_36, version.name) == restored


def test_what_an_operator_sets_during_the_load_stays(node_36: Server, cluster: Cluster, version: Version) -> None:
    load = quick(cluster, version)
    node_36.ask("PUT", f"/{version.name}/_settings", {"index": {"refresh_interval": "44s"}})
    assert load.finish().is_served
    assert settings(node_36, version.name) == {**AS_MADE, "refresh_interval": "44s"}


def test_what_an_operator_sets_as_it_is_turned_down_is_put_back_too(
    node_36: Server, cluster: Cluster, version: Version
) -> None:
    mine = {"refresh_interval": "33s", "number_of_replicas": 1, "auto_expand_replicas": False}
    node_36.ask("PUT", f"/{version.name}/_settings", {"index": mine})
    load = quick(cluster, version)
    node_36.ask("PUT", f"/{version.name}/_settings", {"index": {"number_of_replicas": 0, "refresh_interval": "55s"}})
    assert load.finish().is_served
    restored = {"refresh_interval": "55s", "number_of_replicas": "1", "auto_expand_replicas": "false"}
    assert settings(node_36, version.name) == restored
    node_36.ask("PUT", f"/{version.name}/_settings", {"index": {"number_of_replicas": 0}})
    assert quick(cluster, open_version(cluster, SPACE, make=False)).finish().is_served
    assert settings(node_36, version.name) == {**restored, "number_of_replicas": "0"}


def test_what_an_operator_sets_between_two_loaders_is_what_comes_back(
    node_36: Server, cluster: Cluster, version: Version
) -> None:
    quick(cluster, version).leave()
    node_36.ask("PUT", f"/{version.name}/_settings", {"index": {"number_of_replicas": 2}})
    load = quick(cluster, version)
    assert settings(node_36, version.name) == LOWERED
    assert load.finish().is_served
    assert settings(node_36, version.name) == {**AS_MADE, "number_of_replicas": "2", "auto_expand_replicas": "false"}


def test_the_last_of_several_loaders_publishes(node_36: Server, cluster: Cluster, version: Version) -> None:
    first, last = (quick(cluster, version, Share(number, 2)) for number in (1, 2))
    told = first.finish()
    assert not told.is_served
    assert "still at work: process" in told.note
    assert "share 2/2" in told.note
    assert served(node_36, cluster.address.alias) == set()
    assert settings(node_36, version.name) == LOWERED
    assert last.finish().is_served
    assert settings(node_36, version.name) == AS_MADE


def test_loaders_that_end_at_once_have_it_published_by_one_of_them_or_all(
    node_36: Server, cluster: Cluster, version: Version
) -> None:
    loads = [quick(cluster, version, Share(number, 5)) for number in range(1, 6)]
    with ThreadPoolExecutor(5) as threads:
        ends = list(threads.map(lambda load: load.finish().is_served, loads))
    assert any(ends)
    assert served(node_36, cluster.address.alias) == {version.name}
    assert settings(node_36, version.name) == AS_MADE


def test_a_share_that_nobody_loads_is_named(node_36: Server, cluster: Cluster, version: Version) -> None:
    for number in (1, 3):
        told = quick(cluster, version, Share(number, 3)).finish()
        assert not told.is_served
    assert "nobody is loading these shares of the files: 2/3" in told.note
    assert "--shard 2/3" in told.note
    assert served(node_36, cluster.address.alias) == set()
    assert quick(cluster, version, Share(2, 3)).finish().is_served


def test_a_load_of_all_files_stands_for_every_share(cluster: Cluster, version: Version) -> None:
    assert not quick(cluster, version, Share(1, 16)).finish().is_served
    assert quick(cluster, version).finish().is_served


def test_a_share_that_is_loaded_again_is_not_done_until_it_is(cluster: Cluster, version: Version) -> None:
    quick(cluster, version, Share(1, 2)).finish()
    quick(cluster, version, Share(1, 2)).leave()
    told = quick(cluster, version, Share(2, 2)).finish()
    assert (told.is_served, "1/2" in told.note) == (False, True)


def test_a_loader_whose_counter_stands_still_is_not_waited_for_longer_than_that(
    cluster: Cluster, version: Version, rows: LedgerIndex
) -> None:
    loaders.register(rows, stranger())
    started = time.monotonic()
    assert quick(cluster, version, patience=1.5).finish().is_served
    assert time.monotonic() - started >= 1.5


def test_a_loader_on_this_host_whose_process_is_gone_is_not_waited_for(cluster: Cluster, rows: LedgerIndex) -> None:
    loaders.register(rows, stranger())
    gone = replace(stranger(), **loaders.place(), id="loader-gone")
    assert [loader.id for loader in Watch(rows, patience=60).look()] == ["loader-stranger"]
    loaders.register(rows, replace(gone, pid=2**22 + 1))  # above Linux's highest
    assert [loader.id for loader in Watch(rows, patience=60).look()] == ["loader-stranger"]
    loaders.register(rows, gone)
    assert [loader.id for loader in Watch(rows, patience=60).look()] == ["loader-stranger", "loader-gone"]
    assert gone.host == socket.gethostname()


def test_the_clock_of_the_watcher_decides_and_no_other(rows: LedgerIndex) -> None:
    now = [0.0]
    watch = Watch(rows, patience=30, clock=lambda: now[0])
    loaders.register(rows, replace(stranger(), heard="1970-01-01T00:00:00+00:00"))
    for now[0] in (0.0, 29.0):
        assert watch.look()
    rows.put("loader-stranger", loaders.LOADER, asdict(stranger(beat=1)))
    for now[0], alive in ((31.0, 1), (60.0, 1), (61.0, 0), (100.0, 0)):
        assert len(watch.look()) == alive


def test_a_loader_that_was_taken_for_dead_finds_the_version_served(cluster: Cluster, version: Version) -> None:
    silent = Load(cluster, version, beat=600.0, patience=1.0)
    try:
        assert Load(cluster, version, beat=0.1, patience=0.5).finish().is_served
        silent._beat(1)
        assert silent.is_served
        assert silent.finish().is_served
    finally:
        silent.leave()


def test_fewer_documents_than_were_made_are_not_served(node_36: Server, cluster: Cluster, version: Version) -> None:
    load = quick(cluster, version)
    load.created(2)
    node_36.ask("PUT", f"/{version.name}/_doc/1", {"id": "1", "deleted": False, "has_vector": False})
    with pytest.raises(UnsoundVersion, match=r"holds 1 document, but its loaders made 2.*biocpt drop"):
        load.finish()
    assert served(node_36, cluster.address.alias) == set()


def test_fewer_documents_than_the_ledger_has_are_not_served(
    node_36: Server, cluster: Cluster, version: Version
) -> None:
    load = quick(cluster, version)
    ClusterLedger(cluster, version.name).tick(FileEntry(name="a", digest="1", read=9, added=7, deletions=2))
    with pytest.raises(UnsoundVersion, match="holds 0 documents, but its files gave at least 5"):
        load.finish()
    assert served(node_36, cluster.address.alias) == set()


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"title": "Aspirin"}, "holds 1 article with text, but no vector"),
        ({"has_vector": True}, "holds 0 vectors, but notes 1"),
        ({"embedding": [1.0] * 8}, "holds 1 vector, but notes 0"),
    ],
)
def test_vectors_that_are_missing_are_seen_before_serving(
    node_36: Server, cluster: Cluster, version: Version, document: dict[str, object], why: str
) -> None:
    stored = {"id": "1", "deleted": False, "has_text": True, "has_vector": False, "text_digest": "x", **document}
    node_36.ask("PUT", f"/{version.name}/_doc/1", stored)
    with pytest.raises(UnsoundVersion, match=why):
        quick(cluster, version).finish()


def test_an_article_without_text_or_a_tombstone_needs_no_vector(
    node_36: Server, cluster: Cluster, version: Version
) -> None:
    blank, deletion = Article(id="1", title=" ", abstract="\n"), Deletion(id="2", order=1)
    for record in (blank, deletion):
        node_36.ask("PUT", f"/{version.name}/_doc/{record.id}", orjson.loads(document(record)))
    assert quick(cluster, version).finish().is_served


def test_versions_are_dropped_with_their_ledgers_but_not_what_is_used(
    node_36: Server, cluster: Cluster, version: Version
) -> None:
    where, alias = Location(str(cluster.address)), cluster.address.alias
    load = quick(cluster, version)
    with pytest.raises(StillLoading, match="is being loaded"):
        drop_from_cluster(where, [version.name], old=False, patience=60)
    load.finish()
    with pytest.raises(StillServed, match="is not dropped"):
        drop_from_cluster(where, [version.name], old=False)
    with pytest.raises(NoSuchVersion, match=f"Its versions are: {alias}-v1"):
        drop_from_cluster(where, [f"{alias}-v7"], old=False)
    assert drop_from_cluster(where, [], old=True) == []
    rebuilt = open_version(cluster, SPACE, make=True, options=REBUILD)
    quick(cluster, rebuilt).finish()
    open_version(cluster, SPACE, make=True, options=REBUILD)
    assert drop_from_cluster(where, [f"{alias}-v3"], old=True) == [f"{alias}-v3", f"{alias}-v1"]
    assert indices(node_36, alias) == {f"{alias}-v2", f"{alias}-v2-ledger"}
    assert find_versions(cluster).served is not None
