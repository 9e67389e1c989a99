"""Search among the vectors of one commit: what both ways of it share. `view` chooses between them."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

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
