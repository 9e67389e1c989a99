"""Vectors in Lance: rows of (slot, id, vector), written ahead of the text commit that makes them count.

Lance never calls fsync, so a crash of the machine can leave an empty newest manifest, or one whose data are lost.
Hence a text commit names the Lance version that belongs to it only after every file of that version is on the disk,
and a writer that opens takes back whatever is newer than the version named.
"""

import shutil
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import lance
import numpy as np
import pyarrow as pa

from indexer.engines.embedded.approximate import tend, unite
from indexer.engines.embedded.layout import files_below, storage_errors, suppress_missing, sync_new
from indexer.engines.embedded.nearest import Vector, fits_in_memory
from indexer.engines.embedded.text import Note
from indexer.engines.protocol import VectorSpace

_FLUSH_BYTES = 64 << 20
"""Vectors that wait in memory before they go to Lance; they count only with the next text commit."""

_SLOTS_PER_DELETE = 5_000

_MANY_FRAGMENTS = 64


class VectorStore:
    """The writer's side. `folder` does not exist while nothing has had a vector (version 0)."""

    def __init__(self, folder: Path, space: VectorSpace, note: Note, *, exact_bytes: int) -> None:
        self._folder, self._space, self._exact_bytes = folder, space, exact_bytes
        self._dimension, self._trained = space.dimension, note.trained
        self._fresh: dict[int, tuple[str, Vector]] = {}
        self._stale: set[int] = set()
        self._table: lance.LanceDataset | None = None
        self._synced: set[Path] = set()
        with storage_errors(folder.parent):
            take_back(folder, note.version)
        if note.version:
            self._table = open_table(folder, note.version)
            self._synced = files_below(folder)

    def note(self, next_slot: int) -> Note:
        """What a text commit has to note."""
        if self._table is None:
            return Note(next_slot=next_slot)
        return Note(
            version=int(self._table.version),
            vectors=int(self._table.count_rows()),
            trained=self._trained,
            next_slot=next_slot,
        )

    def put(self, slot: int, id: str, vector: Vector) -> None:
        """Store a vector under a slot that has held none."""
        self._fresh[slot] = (id, vector)
        if len(self._fresh) * self._dimension * 4 >= _FLUSH_BYTES:
            self.flush()

    def drop(self, slot: int) -> None:
        """Remove the vector of a slot."""
        if self._fresh.pop(slot, None) is None:
            self._stale.add(slot)

    def flush(self) -> None:
        """Hand what waits to Lance, as new versions that nobody reads yet."""
        with storage_errors(self._folder.parent):
            if self._stale and self._table is not None:
                for chunk in _chunks(sorted(self._stale), _SLOTS_PER_DELETE):
                    self._table.delete(f"slot IN ({','.join(map(str, chunk))})")
            if self._fresh:
                self._append()
        self._stale.clear()
        self._fresh.clear()

    def _append(self) -> None:
        rows = _rows(self._fresh, self._dimension)
        if self._table is None:
            self._table = lance.write_dataset(rows, str(self._folder), mode="create")
        else:
            self._table = lance.write_dataset(rows, self._table, mode="append")

    def sync(self) -> None:
        """Put every new file on the disk."""
        with storage_errors(self._folder.parent):
            sync_new(self._folder, self._synced)

    def compact(self) -> None:
        """Merge small fragments and the parts of the index, and drop deleted rows, as a new version."""
        if self._table is None:
            return
        with storage_errors(self._folder.parent):
            self._table.optimize.compact_files()
            unite(self._table)

    def tidy(self) -> None:
        """Compact where many fragments have gathered; build or extend the vector index where it pays."""
        if self._table is None:
            return
        if len(self._table.fragment_ids()) > _MANY_FRAGMENTS:
            self.compact()
        with storage_errors(self._folder.parent):
            if not fits_in_memory(self._table.count_rows(), self._dimension, self._exact_bytes):
                self._trained = tend(self._table, self._space.similarity, self._trained)

    def forget_old(self, keep: timedelta) -> None:
        """Delete versions older than `keep`, but for the newest, which the last commit names."""
        if self._table is None:
            return
        with storage_errors(self._folder.parent):
            self._table.cleanup_old_versions(older_than=keep)


def open_table(folder: Path, version: int) -> lance.LanceDataset:
    """One version of the vectors."""
    with storage_errors(folder.parent):
        return lance.dataset(str(folder), version=version)


def take_back(folder: Path, version: int) -> None:
    """Make `version` the newest again: newer manifests, whole, torn or empty, are deleted; no text commit names them.

    Only for the holder of the write lock.
    """
    if version == 0:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for manifest in (folder / "_versions").glob("*.manifest"):
        number = _version_of(manifest)
        if number is not None and number > version:
            with suppress_missing():
                manifest.unlink()
    with suppress_missing():
        (folder / "_versions" / "latest_version_hint.json").unlink()


def _version_of(manifest: Path) -> int | None:
    """Lance counts manifests down from 2^64 - 1, so that the newest sorts first; older ones counted up."""
    if not manifest.stem.isdigit():
        return None
    number = int(manifest.stem)
    return (1 << 64) - 1 - number if len(manifest.stem) == 20 else number


def _rows(fresh: dict[int, tuple[str, Vector]], dimension: int) -> pa.Table:
    values = np.stack([vector for _, vector in fresh.values()]).astype(np.float32, copy=False)
    return pa.table(
        {
            "slot": pa.array(fresh.keys(), pa.int64()),
            "id": pa.array([id for id, _ in fresh.values()], pa.string()),
            "vector": pa.FixedSizeListArray.from_arrays(pa.array(values.ravel(), pa.float32()), dimension),
        }
    )


def _chunks(items: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    return (items[start : start + size] for start in range(0, len(items), size))
