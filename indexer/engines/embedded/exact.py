"""Exact search: all vectors of a commit in memory, one matrix product a question."""

from dataclasses import dataclass
from pathlib import Path

import lance
import numpy as np
from numpy.typing import NDArray

from indexer.engines.embedded.layout import storage_errors
from indexer.engines.embedded.nearest import Allowed, Slots, Vector, best
from indexer.engines.protocol import VectorSpace
from indexer.queries import Hit

_ROUNDING = 4e-6
"""Single-precision scores closer than this, relative to the lengths of the vectors, are compared again in double."""

_GATHER_BELOW = 0.2
"""The part of all vectors up to which those of a filter are copied out before they are compared."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """All vectors, by ascending slot."""

    slots: Slots
    ids: list[str]
    rows: Vector
    lengths: Vector

    def places(self, slots: Slots) -> NDArray[np.intp]:
        """The row numbers of these slots; slots without a vector are left out."""
        if not len(self.slots):
            return np.empty(0, np.intp)
        places = np.minimum(np.searchsorted(self.slots, slots), len(self.slots) - 1)
        found: NDArray[np.intp] = places[self.slots[places] == slots]
        return found


class ExactVectors:
    """A `VectorSearch` over a matrix, read once."""

    def __init__(self, table: lance.LanceDataset, space: VectorSpace, location: Path) -> None:
        self._space = space
        with storage_errors(location):
            self._matrix = _load(table, space.dimension)

    def get(self, slots: Slots) -> dict[int, Vector]:
        """The vectors of these slots."""
        matrix = self._matrix
        return {int(matrix.slots[place]): matrix.rows[place].copy() for place in matrix.places(slots)}

    def nearest(self, vector: Vector, k: int, allowed: Allowed | None) -> list[Hit]:
        """The `k` best: single precision finds the candidates, double precision orders them."""
        matrix = self._matrix
        places = np.arange(len(matrix.slots)) if allowed is None else matrix.places(allowed.slots())
        scores = _products(matrix.rows, vector, places)
        scale = matrix.lengths[places] * np.linalg.norm(vector).astype(np.float32)
        largest = float(np.max(scale, initial=0.0))
        if self._space.similarity == "cosine":
            scores, largest = (scores / np.where(scale > 0, scale, 1)).astype(np.float32), 1.0
        chosen = places[_candidates(scores, k, _ROUNDING * largest)]
        ids = [matrix.ids[place] for place in chosen]
        return best(ids, matrix.rows[chosen], vector, self._space.similarity)[:k]


def _products(rows: Vector, vector: Vector, places: NDArray[np.intp]) -> Vector:
    """Inner products with the rows at `places`; copying many rows costs more than multiplying the others in vain."""
    if len(places) < _GATHER_BELOW * len(rows):
        return rows[places] @ vector
    return (rows @ vector)[places]


def _candidates(scores: Vector, k: int, slack: float) -> NDArray[np.intp]:
    """The `k` highest, and those so close that rounding may have put them behind."""
    if k >= len(scores):
        return np.arange(len(scores))
    least = np.partition(scores, len(scores) - k)[len(scores) - k]
    return np.flatnonzero(scores >= least - slack)


def _load(table: lance.LanceDataset, dimension: int) -> Matrix:
    count = table.count_rows()
    slots, ids, rows = np.empty(count, np.int64), list[str](), np.empty((count, dimension), np.float32)
    for batch in table.scanner(columns=["slot", "id", "vector"], scan_in_order=True).to_batches():
        place = slice(len(ids), len(ids) + len(batch))
        slots[place] = batch.column("slot").to_numpy()
        rows[place] = batch.column("vector").flatten().to_numpy(zero_copy_only=False).reshape(-1, dimension)
        ids.extend(batch.column("id").to_pylist())
    if not (np.diff(slots) > 0).all():
        order = np.argsort(slots)
        slots, rows, ids = slots[order], rows[order], [ids[place] for place in order]
    return Matrix(slots, ids, rows, np.sqrt(np.einsum("ij,ij->i", rows, rows)))
