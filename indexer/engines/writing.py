"""How an index is made and loaded, where its engine leaves a choice."""

from dataclasses import dataclass
from typing import Literal

VectorEncoding = Literal["lucene", "faiss", "faiss-fp16", "faiss-disk32x"]
"""What a cluster keeps vectors in: Lucene's or Faiss's graph of 32-bit floats, Faiss of 16-bit floats, Faiss of one
bit a number in memory with the floats on disk."""


@dataclass(frozen=True, slots=True)
class Bm25:
    """The parameters of BM25: how soon a repeated word stops adding (k1), how much long texts are held back (b)."""

    k1: float = 1.2
    b: float = 0.75

    def __str__(self) -> str:
        return f"{self.k1:g},{self.b:g}"


@dataclass(frozen=True, slots=True)
class Share:
    """One of `of` shares of the files to load, the `number`-th from 1: `3/16`."""

    number: int = 1
    of: int = 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOptions:
    """What a writer is asked to do; a folder knows none but the defaults, and refuses others."""

    vectors: VectorEncoding | None = None
    """Of a new index; None: `lucene`, and of an index that exists, or is rebuilt, what it has."""
    bm25: Bm25 | None = None
    """Of a new index; None: k1 1.2, b .75, and of an index that exists, or is rebuilt, what it has."""
    shards: int | None = None
    """Primary shards of a new index; None: one, and of an index that is rebuilt as many as it has."""
    replicas: int | None = None
    """Copies of each shard, once the index is served; None: one where the cluster has a second node, and of an index
    that is rebuilt as many as it was made with."""
    rebuild: bool = False
    """Load a new version of the index beside the one that is served, and serve it once it is whole."""
    other_files: bool = False
    """Serve the rebuilt version also where it lacks files that the one before it had been given when the rebuild began,
    or that others who loaded it in shares were given."""
    drop_old: bool = False
    """Drop the versions before the rebuilt one once it is served."""
    share: Share = Share()
    """Which share of the files this process loads, while others load theirs."""
    files: tuple[str, ...] = ()
    """Names of all the files, of every share, as a ledger has them: each share must be given the same, and all must be
    loaded before a new version is served; (): not told, and not compared."""
    connections: int = 4
    """Requests that are under way at once."""


DEFAULT = WriteOptions()
