"""The vectors of one commit, opened when first asked for, in the way of searching that suits their number.

Up to `EXACT_BYTES` all vectors are read into memory and compared exactly (`exact`); above, Lance's index proposes
candidates, which are then compared exactly (`approximate`).
"""

from pathlib import Path
from threading import Lock

from indexer.engines.embedded.layout import storage_errors
from indexer.engines.embedded.nearest import EXACT_BYTES, Allowed, Slots, Vector, VectorSearch, fits_in_memory
from indexer.engines.protocol import VectorSpace
from indexer.queries import Hit


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
