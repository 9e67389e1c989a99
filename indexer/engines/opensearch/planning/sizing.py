"""What a load of so many articles asks of a cluster: memory, disk, shards and nodes, for each encoding of vectors.

Arithmetic alone; what a live cluster has is read by `capacity`. Bytes are bytes and a GB is 10**9 of them.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from indexer.engines.writing import VectorEncoding

ENCODINGS: tuple[VectorEncoding, ...] = get_args(VectorEncoding)

BITS: dict[VectorEncoding, int] = {"lucene": 32, "faiss": 32, "faiss-fp16": 16, "faiss-disk32x": 1}
"""Of each number of a vector, as the graph's search reads it."""

LINKS = 16
"""`m` of the graph, OpenSearch's default and ours."""

OVERHEAD = 1.1
"""OpenSearch's formula for the memory of a graph is 1.1 × (bytes of the vector + 8 × m) for each vector (documentation
of OpenSearch 3.8, vector search, "Memory estimation")."""

TEXT_BYTES = 2_600
"""On disk of an article with its abstract: the record, the searched texts and their postings, without a vector.
Measured on 3.6.0: 5,000 abstracts of 1,559 characters in the mean, with the authors, headings and chemicals of a PubMed
file of 2016, merged into one segment: 2,565. Of the same without authors, headings and chemicals: 1,752. An article
without an abstract takes less than half."""

SENT_BYTES = 4_500
"""Of JSON for such an article in a bulk request, without its vector. Measured on the same: 4,517."""

SENT_BYTES_A_NUMBER = 11
"""Of JSON for each number of a vector: the shortest text that reads back as the same float, and a comma: 10.9 measured
for normally distributed numbers."""

SOURCE_BYTES_A_NUMBER = 9
"""On disk of each number of a vector where the server keeps it in `_source` too. Measured on 2.19.1: 8.9."""

LARGEST_SHARD = 50e9
"""Bytes; OpenSearch's guide recommends 10 to 50 GB."""

MOST_VECTORS = 5_000_000
"""In one shard: what the graphs of one shard were seen to bear, and what keeps a merge to hours."""

USUAL_FOR_LUCENE = 10_000_000
"""Vectors: the documentation recommends Lucene's graphs below (k-NN methods and engines)."""

LARGEST_HEAP = 32e9
"""Bytes of Java heap beyond which pointers are no longer compressed. Half of a node's memory up to this is usual."""

NATIVE_SHARE = 0.5
"""Of the memory beside the heap that Faiss may fill: the default of `knn.memory.circuit_breaker.limit`."""

ROOM = 2
"""Times what is stored: merges write a segment before they drop its parts, and a rebuild stands beside the old one."""

FILE_BYTES = {".gz": 1_080, ".xml": 6_450}
"""Of a source file for each article, by the end of its name, as measured on a file of PubMed's."""

OTHER_FILE_BYTES = 3_000
"""The same of MEDLINE text and JSON lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is to be stored."""

    articles: int
    dimension: int
    """Of a vector; 0 for an index without vectors."""
    replicas: int = 1
    keeps_source_vectors: bool = False
    """Whether the server stores vectors in `_source`, and with Lucene as values of the document, beside those it
    searches: as 2.x does by itself, and 3.x not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one encoding needs, over all copies of each shard."""

    encoding: VectorEncoding
    memory: float
    """Bytes that the graphs want to be kept in: of native memory for Faiss, of the page cache for Lucene."""
    disk: float
    """Bytes stored once the index is merged."""
    shards: int
    """Primaries."""

    @property
    def is_native(self) -> bool:
        """Whether the memory counts against the limit of the k-NN plugin, and a load beyond it is stopped."""
        return self.encoding != "lucene"

    @property
    def disk_with_room(self) -> float:
        """Bytes to provide, for merges and for a rebuild beside the old version."""
        return ROOM * self.disk


def memory_a_vector(dimension: int, bits: int, links: int = LINKS) -> float:
    """Bytes of memory, by OpenSearch's formula."""
    return OVERHEAD * (dimension * bits / 8 + 8 * links)


def need(load: Load, encoding: VectorEncoding) -> Need:
    """What an encoding needs for a load."""
    copies = 1 + load.replicas
    vector = memory_a_vector(load.dimension, BITS[encoding]) if load.dimension else 0.0
    disk = load.articles * (TEXT_BYTES + _disk_a_vector(load, encoding))
    shards = max(math.ceil(disk / LARGEST_SHARD), math.ceil(load.articles / MOST_VECTORS), 1)
    return Need(encoding=encoding, memory=copies * load.articles * vector, disk=copies * disk, shards=shards)


def needs(load: Load) -> list[Need]:
    """What each encoding needs; of an index without vectors one, as they do not differ."""
    return [need(load, encoding) for encoding in (ENCODINGS if load.dimension else ENCODINGS[:1])]


def nodes(wanted: Need, *, memory: float, replicas: int, heap: float | None = None) -> int:
    """How many nodes of so many bytes of memory hold it: no node holds two copies of a shard.

    Args:
        wanted: what is needed.
        memory: of one node, in bytes.
        replicas: of each shard.
        heap: of one node, in bytes; None: the usual.
    """
    return max(math.ceil(wanted.memory / graph_memory(wanted, memory, heap)), 1 + replicas)


def graph_memory(wanted: Need, memory: float, heap: float | None = None) -> float:
    """The bytes of a node's memory that may hold graphs."""
    beside = memory - (usual_heap(memory) if heap is None else heap)
    return beside * NATIVE_SHARE if wanted.is_native else beside


def usual_heap(memory: float) -> float:
    """Half of a node's memory, up to the largest that is of use; bytes."""
    return min(memory / 2, LARGEST_HEAP)


def sent(load: Load) -> int:
    """Bytes of bulk requests that the loaders send, all together."""
    return load.articles * (SENT_BYTES + SENT_BYTES_A_NUMBER * load.dimension)


def encoding_hours(articles: int, rate: float) -> float:
    """Hours to make the vectors at so many articles a second."""
    return articles / rate / 3600


def estimated_articles(files: Iterable[Path]) -> int:
    """How many articles source files hold, by their sizes: right to within a factor of two."""
    return round(sum(path.stat().st_size / FILE_BYTES.get(path.suffix, OTHER_FILE_BYTES) for path in files))


def _disk_a_vector(load: Load, encoding: VectorEncoding) -> float:
    """The floats (kept by every encoding, to merge and re-score), the graph, and what Faiss keeps beside the floats."""
    if not load.dimension:
        return 0.0
    floats, graph = 4 * load.dimension, OVERHEAD * 8 * LINKS
    native = 0.0 if encoding == "lucene" else load.dimension * BITS[encoding] / 8
    again = 0
    if load.keeps_source_vectors:
        again = SOURCE_BYTES_A_NUMBER * load.dimension + (floats if encoding == "lucene" else 0)
    return floats + graph + native + again
