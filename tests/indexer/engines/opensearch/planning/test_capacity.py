"""What a cluster bears: read from live servers, judged on clusters made up for the purpose."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from indexer.engines.location import Location
from indexer.engines.opensearch.planning import capacity, sizing
from indexer.engines.opensearch.planning.capacity import Capacity, Node, Verdict, judge
from indexer.engines.opensearch.planning.sizing import Load
from indexer.engines.writing import VectorEncoding
from tests.opensearch.server import Server

BIG = Node(name="big", memory=256 * 10**9, heap=32 * 10**9, disk=4 * 10**12, disk_free=4 * 10**12)
SMALL = Node(name="small", memory=8 * 10**9, heap=4 * 10**9, disk=100 * 10**9, disk_free=60 * 10**9)


def cluster_of(*nodes: Node, version: str = "3.6.0", has_knn: bool = True, native_limit: str = "50%") -> Capacity:
    return Capacity(version=version, nodes=nodes, has_knn=has_knn, native_limit=native_limit)


def verdict(has: Capacity, load: Load, encoding: VectorEncoding = "lucene") -> Verdict:
    return judge(sizing.need(load, encoding), load, has)


PUBMED = Load(articles=38_000_000, dimension=768, replicas=0)


def test_a_live_cluster_tells_what_it_has(node: Server) -> None:
    has = capacity.at(Location(f"{node.url}/anything"))
    assert has.version == node.version
    assert has.has_knn
    assert has.native_limit == "50%"
    assert len(has.nodes) == 1
    one = has.nodes[0]
    assert 0 < one.heap < one.memory
    assert 0 < one.disk_free <= one.disk
    assert has.native == pytest.approx((one.memory - one.heap) / 2 - one.native_used)
    assert has.keeps_source_vectors == node.version.startswith("2.")


def test_what_faiss_may_fill_is_the_clusters_own_setting(node: Server) -> None:
    where = Location(f"{node.url}/anything")
    with settings(node, **{"knn.memory.circuit_breaker.limit": "30%"}):
        assert capacity.at(where).native_limit == "30%"
    with settings(node, **{"knn.memory.circuit_breaker.enabled": False}):
        assert capacity.at(where).native_limit == "100%"


@contextmanager
def settings(node: Server, **transient: object) -> Iterator[None]:
    """Of the cluster, for a while."""
    node.ask("PUT", "/_cluster/settings", {"transient": transient})
    try:
        yield
    finally:
        node.ask("PUT", "/_cluster/settings", {"transient": dict.fromkeys(transient)})


def test_what_must_stay_free_of_a_disk_is_the_clusters_own_setting(node: Server) -> None:
    where = Location(f"{node.url}/anything")
    unwatched = capacity.at(where)  # as the tests' nodes are started, which share a disk with who knows what
    assert unwatched.flood is None
    assert unwatched.disk == unwatched.nodes[0].disk_free
    disk = "cluster.routing.allocation.disk"
    asked = {f"{disk}.watermark.{stage}": "1mb" for stage in ("low", "high", "flood_stage")}
    with settings(node, **{f"{disk}.threshold_enabled": True}, **asked):
        watched = capacity.at(where)
    assert watched.flood == "1mb"
    assert watched.disk == watched.nodes[0].disk_free - 2**20


@pytest.mark.parametrize(
    ("flood", "kept"),
    [(None, 0), ("95%", 50), ("0.95", 50), ("90%", 100), ("600b", 600), ("1tb", 1_000), (" 97.5% ", 25)],
)
def test_a_flood_stage_is_a_part_that_is_full_or_an_amount_that_is_free(flood: str | None, kept: float) -> None:
    assert capacity.kept_free(flood, 1_000) == pytest.approx(kept)


def test_pubmed_fits_a_large_cluster_and_not_a_small_one() -> None:
    assert verdict(cluster_of(BIG, BIG, BIG, BIG), PUBMED, "faiss-fp16") == Verdict()
    small = verdict(cluster_of(SMALL), PUBMED, "faiss-fp16")
    assert not small.fits
    assert any("69.6 GB of native memory, and 2.0 GB are left" in reason for reason in small.lacking)
    assert any("of disk, and 55.0 GB can be filled" in reason for reason in small.lacking)  # 60 less 5% of 100


def test_lucene_beyond_the_page_cache_is_slow_and_no_failure() -> None:
    roomy = Node(name="disk", memory=8 * 10**9, heap=4 * 10**9, disk=4 * 10**12, disk_free=4 * 10**12)
    found = verdict(cluster_of(roomy), PUBMED)
    assert found.fits
    assert "133.8 GB of page cache, and there are at most 4.0 GB" in found.tight[0]


def test_disk_without_room_for_merges_is_tight() -> None:
    load = Load(articles=6_000_000, dimension=768, replicas=0)  # 35 GB stored, 55 to fill
    found = verdict(cluster_of(SMALL), load)
    assert found.fits
    assert any("none for a rebuild" in reason for reason in found.tight)


def test_a_copy_needs_a_second_node() -> None:
    load = Load(articles=1_000, dimension=768, replicas=1)
    assert "2 copies of each shard" in verdict(cluster_of(BIG), load).lacking[0]
    assert verdict(cluster_of(BIG, BIG), load) == Verdict()


def test_an_encoding_that_the_version_does_not_have_is_lacking() -> None:
    load = Load(articles=1_000, dimension=768, replicas=0)
    old = cluster_of(BIG, version="2.16.0")
    assert verdict(old, load, "faiss-fp16").fits
    assert verdict(old, load, "faiss-disk32x").lacking == ("version 2.16.0 does not have it (since 2.17)",)


def test_vectors_need_the_plugin_and_words_do_not() -> None:
    bare = cluster_of(BIG, has_knn=False)
    assert verdict(bare, Load(articles=1_000, dimension=8, replicas=0)).lacking == ("the k-NN plugin is not installed",)
    assert verdict(bare, Load(articles=1_000, dimension=0, replicas=0)) == Verdict()


@pytest.mark.parametrize(("limit", "bytes_"), [("50%", 50.0), ("12.5%", 12.5), ("60b", 60.0), ("1kb", 100.0)])
def test_limits_are_parts_or_amounts_of_what_there_is(limit: str, bytes_: float) -> None:
    assert capacity.bounded(limit, 100) == bytes_


def test_graphs_that_are_loaded_already_leave_less() -> None:
    used = Node(name="used", memory=100, heap=20, disk=1, disk_free=1, native_used=30)
    assert cluster_of(used).native == 10  # half of 80, less 30


def test_a_load_that_will_not_fit_is_warned_of_and_a_small_one_not(node: Server, tmp_path: Path) -> None:
    where = Location(f"{node.url}/pubmed")
    small, huge = tmp_path / "small.xml.gz", tmp_path / "huge.xml.gz"
    small.write_bytes(bytes(1_000))
    with huge.open("wb") as file:
        file.truncate(5 * 10**12)  # sparse: more than four thousand million articles
    assert capacity.warning(where, [small], dimension=768, encoding="lucene") is None
    said = capacity.warning(where, [small, huge], dimension=768, encoding="lucene")
    assert said is not None
    assert said.startswith("This load of about 4,629,629,631 articles will not fit")
    assert "\n" not in said


@pytest.mark.parametrize(("bytes_", "text"), [(133.76e9, "133.8 GB"), (1.2e12, "1.2 TB"), (2.6e6, "3 MB")])
def test_sizes_are_readable(bytes_: float, text: str) -> None:
    assert capacity.size(bytes_) == text
