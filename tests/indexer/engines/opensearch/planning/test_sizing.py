"""Sizes against OpenSearch's published formula worked out by hand, and against clusters that others reported."""

import math
from pathlib import Path

import pytest

from indexer.engines.opensearch.planning import sizing
from indexer.engines.opensearch.planning.sizing import Load, Need, memory_a_vector, need, nodes
from indexer.engines.writing import VectorEncoding

PUBMED = Load(articles=38_000_000, dimension=768, replicas=0)
GIB = 2**30


@pytest.mark.parametrize(
    ("bits", "bytes_a_vector"),
    [
        (32, 3520.0),  # 1.1 × (768 × 4 + 128) = 1.1 × 3,200
        (16, 1830.4),  # 1.1 × (1,536 + 128) = 1.1 × 1,664
        (8, 985.6),  # 1.1 × (768 + 128) = 1.1 × 896
        (4, 563.2),  # 1.1 × (384 + 128) = 1.1 × 512
        (2, 352.0),  # 1.1 × (192 + 128) = 1.1 × 320
        (1, 246.4),  # 1.1 × (96 + 128) = 1.1 × 224
    ],
)
def test_memory_follows_the_published_formula(bits: int, bytes_a_vector: float) -> None:
    assert memory_a_vector(768, bits) == pytest.approx(bytes_a_vector)


@pytest.mark.parametrize(
    ("encoding", "primaries", "with_replica"),
    [("lucene", 133.8, 267.5), ("faiss", 133.8, 267.5), ("faiss-fp16", 69.6, 139.1), ("faiss-disk32x", 9.4, 18.7)],
)
def test_memory_of_pubmed(encoding: VectorEncoding, primaries: float, with_replica: float) -> None:
    once = need(PUBMED, encoding).memory
    twice = need(Load(articles=38_000_000, dimension=768, replicas=1), encoding).memory
    assert (round(once / 1e9, 1), round(twice / 1e9, 1)) == (primaries, with_replica)


def test_a_wider_graph_costs_its_links() -> None:
    assert 38_000_000 * (memory_a_vector(768, 32, 32) - memory_a_vector(768, 32)) == pytest.approx(5.35e9, rel=0.001)


def test_native_memory_is_half_of_what_the_heap_leaves() -> None:
    """The documentation's example: 100 GB of memory, 32 GB of heap, so 34 GB for Faiss."""
    assert sizing.graph_memory(need(PUBMED, "faiss"), 100e9, heap=32e9) == 34e9
    assert sizing.graph_memory(need(PUBMED, "lucene"), 100e9, heap=32e9) == 68e9


def test_ten_million_vectors_trip_the_breaker_of_a_machine_of_64_gib() -> None:
    """k-NN#1891: 10 million vectors of 768 on one r5.2xlarge (64 GiB): writes were blocked."""
    wanted = need(Load(articles=10_000_000, dimension=768, replicas=0), "faiss")
    assert wanted.memory > sizing.graph_memory(wanted, 64 * GIB)
    assert nodes(wanted, memory=64 * GIB, replicas=0) == 2  # 35.2 GB in parts of 18.4


@pytest.mark.parametrize(
    ("bits", "machines", "memory"),
    [(2, 6, 64 * GIB), (1, 4, 64 * GIB)],  # r6gd.2xlarge: 16x on six of them, 32x on four
)
def test_reported_clusters_of_113_million_vectors_are_found_large_enough(
    bits: int, machines: int, memory: float
) -> None:
    """ "Reduce costs with disk-based vector search" (OpenSearch 2.18): 113 million vectors of 1,024, one replica."""
    wanted = Need(encoding="faiss", memory=2 * 113e6 * memory_a_vector(1024, bits), disk=0, shards=6)
    assert nodes(wanted, memory=memory, replicas=1) <= machines


def test_the_reported_cluster_of_full_floats_is_large_enough_but_not_twice_so() -> None:
    """The same report: eight r6g.8xlarge (256 GiB) kept the floats in memory: 525 GB a copy, of 121 GB a node."""
    wanted = Need(encoding="faiss", memory=113e6 * memory_a_vector(1024, 32), disk=0, shards=40)
    assert round(wanted.memory / 1e9) == 525
    assert nodes(wanted, memory=256 * GIB, replicas=0) == 5


@pytest.mark.parametrize(
    ("encoding", "replicas", "memory", "enough"),
    [("faiss-disk32x", 0, 64e9, 1), ("faiss-disk32x", 1, 32e9, 3), ("faiss-fp16", 1, 128e9, 4)],
)
def test_the_recommended_clusters_for_pubmed_are_enough(
    encoding: VectorEncoding, replicas: int, memory: float, enough: int
) -> None:
    wanted = need(Load(articles=38_000_000, dimension=768, replicas=replicas), encoding)
    assert nodes(wanted, memory=memory, replicas=replicas) <= enough


def test_no_node_holds_two_copies() -> None:
    assert nodes(need(Load(articles=1_000, dimension=8), "lucene"), memory=64e9, replicas=2) == 3


def test_disk_keeps_the_floats_of_every_encoding_and_what_faiss_searches_beside_them() -> None:
    each = {encoding: need(PUBMED, encoding).disk / 38e6 for encoding in sizing.ENCODINGS}
    graph = 1.1 * 128
    assert each["lucene"] == pytest.approx(sizing.TEXT_BYTES + 3072 + graph)
    assert each["faiss"] == pytest.approx(sizing.TEXT_BYTES + 3072 + 3072 + graph)
    assert each["faiss-fp16"] == pytest.approx(sizing.TEXT_BYTES + 3072 + 1536 + graph)
    assert each["faiss-disk32x"] == pytest.approx(sizing.TEXT_BYTES + 3072 + 96 + graph)


def test_vectors_in_the_source_take_more_than_twice_the_disk() -> None:
    """Measured on 2.19.1 with Lucene: 15,601 bytes an article against 5,690 on 3.6.0."""
    kept = need(Load(articles=1_000_000, dimension=768, replicas=0, keeps_source_vectors=True), "lucene")
    derived = need(Load(articles=1_000_000, dimension=768, replicas=0), "lucene")
    assert kept.disk / 1e6 == pytest.approx(15_601, rel=0.05)
    assert derived.disk / 1e6 == pytest.approx(5_690, rel=0.05)


def test_shards_stay_below_fifty_gigabytes_and_five_million_vectors() -> None:
    for encoding in sizing.ENCODINGS:
        wanted = need(PUBMED, encoding)
        assert wanted.disk / wanted.shards <= 50e9
        assert 38e6 / wanted.shards <= 5e6
    assert need(PUBMED, "lucene").shards == 8  # 38 million in parts of 5
    assert need(Load(articles=1_000, dimension=768), "lucene").shards == 1


def test_an_index_without_vectors_has_one_row_and_no_graphs() -> None:
    (only,) = sizing.needs(Load(articles=1_000_000, dimension=0, replicas=0))
    assert (only.memory, only.disk) == (0, 1e6 * sizing.TEXT_BYTES)


def test_hours_of_encoding() -> None:
    assert round(sizing.encoding_hours(38_000_000, 500)) == 21
    assert round(sizing.encoding_hours(38_000_000, 1_000), 1) == 10.6


def test_what_is_sent_of_vectors_is_320_gigabytes_for_pubmed() -> None:
    vectors = sizing.sent(PUBMED) - sizing.sent(Load(articles=38_000_000, dimension=0))
    assert vectors == pytest.approx(320e9, rel=0.01)


def test_articles_are_estimated_by_the_size_of_their_files(tmp_path: Path) -> None:
    (tmp_path / "a.xml.gz").write_bytes(bytes(108_000))
    (tmp_path / "b.xml").write_bytes(bytes(64_500))
    (tmp_path / "c.nbib").write_bytes(bytes(3_000))
    assert sizing.estimated_articles(tmp_path.iterdir()) == 100 + 10 + 1


def test_a_node_of_little_memory_gives_half_to_its_heap() -> None:
    assert sizing.usual_heap(16e9) == 8e9
    assert sizing.usual_heap(256e9) == 32e9
    assert math.isclose(sizing.graph_memory(need(PUBMED, "lucene"), 16e9), 8e9)
