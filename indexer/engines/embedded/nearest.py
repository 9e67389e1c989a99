"""Search among the vectors of one commit: what both ways of it share, and the choice between them.

Up to `EXACT_BYTES` all vectors are read into memory and compared exactly (`exact`); above, Lance's index proposes
candidates, which are then compared exactly (`approximate`).
"""

from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.engines.embedded.layout import storage_errors
from indexer.engines.protocol import VectorSpace
from indexer.queries import Hit, best_first

Vector = NDArray[np.float32]
Slots = NDArray[np.int64]

EXACT_BYTES = 160 << 20
"""109,000 vectors of 384 numbers, or 54,000 of 768: about 20 ms a question on one core, exact."""


class Allowed(Protocol):
    """The articles that a filter lets through, told in as little work as the search needs."""

    def count(self) -> int:
        """How many articles match, with or without a vector."""

    def slots(self) -> Slots:
        """The slots of all that match, ascending."""

    def among(self, slots: Slots) -> Slots:
        """Those of `slots` that match, in no particular order."""


class VectorSearch(Protocol):
    """The vectors of one commit."""

    def nearest(self, vector: Vector, k: int, allowed: Allowed | None) -> list[Hit]:
        """The `k` best among `allowed` (None: all), best first, ties by id."""

    def get(self, slots: Slots) -> dict[int, Vector]:
        """The vectors of these slots; slots without one are absent."""


class NoVectors:
    """An index to which no vector has been committed."""

    def nearest(self, vector: Vector, k: int, allowed: Allowed | None) -> list[Hit]:
        """Nothing."""
        return []

    def get(self, slots: Slots) -> dict[int, Vector]:
        """Nothing."""
        return {}


class VectorView:
    """The vectors of one Lance version, opened when first asked for: text alone need not wait for Lance's import."""

    def __init__(self, folder: Path, space: VectorSpace, version: int, exact_bytes: int = EXACT_BYTES) -> None:
        self._folder, self._space, self._version, self._exact_bytes = folder, space, version, exact_bytes
        self._lock = Lock()
        self._opened: VectorSearch | None = None

    def open(self) -> VectorSearch:
        """The way to search them; the same for every thread."""
        with self._lock:
            if self._opened is None:
                self._opened = self._choose() if self._version else NoVectors()
            return self._opened

    def _choose(self) -> VectorSearch:
        from indexer.engines.embedded.approximate import ApproximateVectors, is_indexed
        from indexer.engines.embedded.exact import ExactVectors
        from indexer.engines.embedded.vectors import open_table

        table = open_table(self._folder, self._version)
        with storage_errors(self._folder.parent):
            indexed = is_indexed(table)
        if fits_in_memory(table.count_rows(), self._space.dimension, self._exact_bytes) or not indexed:
            return ExactVectors(table, self._space, self._folder.parent)
        return ApproximateVectors(table, self._space, self._folder.parent)


def fits_in_memory(count: int, dimension: int, exact_bytes: int) -> bool:
    """Whether so many vectors are compared one by one."""
    return count * dimension * 4 <= exact_bytes


def best(ids: list[str], rows: Vector, vector: Vector, similarity: str) -> list[Hit]:
    """Hits by exact similarity, best first, ties by id.

    In double precision and row by row, so that equal vectors get equal scores wherever they stand; a vector of zeros
    has cosine 0.
    """
    wide, query = rows.astype(np.float64), vector.astype(np.float64)
    scores = (wide * query).sum(axis=1)
    if similarity == "cosine":
        lengths = np.sqrt((wide * wide).sum(axis=1)) * np.sqrt((query * query).sum())
        scores = scores / np.where(lengths > 0, lengths, 1)
    return best_first([Hit(id, float(score)) for id, score in zip(ids, scores, strict=True)])
