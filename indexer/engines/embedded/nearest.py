"""The reader's side of the vectors: one version of them, searched exactly."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from indexer.engines.embedded.layout import storage_errors
from indexer.engines.protocol import VectorSpace
from indexer.queries import Hit, best_first

if TYPE_CHECKING:
    from lance import LanceDataset

Vector = NDArray[np.float32]
Slots = NDArray[np.int64]

_ROUNDING = 4e-6
"""Single-precision scores closer than this, relative to the lengths of the vectors, are compared again in double."""

_GATHER_BELOW = 0.2
"""The part of all vectors up to which a filter's are copied out before they are compared."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """All vectors of a version in memory, by ascending slot."""

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


class VectorView:
    """The vectors of one Lance version; read into memory when first asked for. Safe to share between threads."""

    def __init__(self, folder: Path, space: VectorSpace, version: int) -> None:
        self._folder, self._space, self._version = folder, space, version
        self._lock = Lock()

    @cached_property
    def _table(self) -> "LanceDataset":
        from indexer.engines.embedded.vectors import open_table  # Lance takes 0.2 s, and text needs none

        return open_table(self._folder, self._version)

    @cached_property
    def _loaded(self) -> Matrix:
        with storage_errors(self._folder.parent):
            return _load(self._table, self._space.dimension)

    @property
    def matrix(self) -> Matrix:
        """All vectors."""
        with self._lock:
            return self._loaded if self._version else _nothing(self._space.dimension)

    def get(self, slots: Slots) -> dict[int, Vector]:
        """The vectors of these slots."""
        matrix = self.matrix
        places = matrix.places(slots)
        return {int(matrix.slots[place]): matrix.rows[place].copy() for place in places}

    def nearest(self, vector: Vector, k: int, slots: Slots | None) -> list[Hit]:
        """The `k` best, exactly, among `slots` (None: all)."""
        matrix = self.matrix
        places = np.arange(len(matrix.slots)) if slots is None else matrix.places(slots)
        scale: Vector = np.float32(np.linalg.norm(vector)) * matrix.lengths[places]
        scores = _products(matrix.rows, vector, places)
        if self._space.similarity == "cosine":
            scores = scores / np.where(scale > 0, scale, 1)
            scale = np.ones(len(scores), np.float32)
        best = places[_candidates(scores, k, _ROUNDING * float(scale.max(initial=0)))]
        exact = similarities(matrix.rows[best], vector, self._space.similarity)
        return best_first([Hit(matrix.ids[place], score) for place, score in zip(best, exact, strict=True)])[:k]


def _products(rows: Vector, vector: Vector, places: NDArray[np.intp]) -> Vector:
    """Inner products with the rows at `places`; copying rows costs more than multiplying some in vain."""
    if _GATHER_BELOW * len(rows) > len(places):
        return rows[places] @ vector
    return (rows @ vector)[places]


def _candidates(scores: Vector, k: int, slack: float) -> NDArray[np.intp]:
    """The `k` highest, and those so close that rounding may have put them behind."""
    if k >= len(scores):
        return np.arange(len(scores))
    least = np.partition(scores, len(scores) - k)[len(scores) - k]
    return np.flatnonzero(scores >= least - slack)


def similarities(rows: Vector, vector: Vector, similarity: str) -> list[float]:
    """Inner products or cosines, in double precision and row by row: equal vectors get equal scores, wherever they
    stand; a vector of zeros has cosine 0."""
    wide, query = rows.astype(np.float64), vector.astype(np.float64)
    products = (wide * query).sum(axis=1)
    if similarity == "cosine":
        lengths = np.sqrt((wide * wide).sum(axis=1)) * np.sqrt((query * query).sum())
        products = products / np.where(lengths > 0, lengths, 1)
    return [float(value) for value in products]


def _nothing(dimension: int) -> Matrix:
    rows = np.empty((0, dimension), np.float32)
    return Matrix(np.empty(0, np.int64), [], rows, np.empty(0, np.float32))


def _load(table: "LanceDataset", dimension: int) -> Matrix:
    count = table.count_rows()
    slots, ids, rows = np.empty(count, np.int64), list[str](), np.empty((count, dimension), np.float32)
    batches = table.scanner(columns=["slot", "id", "vector"], scan_in_order=True).to_batches()
    for batch in batches:
        place = slice(len(ids), len(ids) + len(batch))
        slots[place] = batch.column("slot").to_numpy()
        rows[place] = batch.column("vector").flatten().to_numpy(zero_copy_only=False).reshape(-1, dimension)
        ids.extend(batch.column("id").to_pylist())
    if not (np.diff(slots) > 0).all():
        order = np.argsort(slots)
        slots, rows, ids = slots[order], rows[order], [ids[place] for place in order]
    return Matrix(slots, ids, rows, np.sqrt(np.einsum("ij,ij->i", rows, rows)))
