"""Search through Lance's vector index (IVF with RaBitQ codes): when it is built, and how it is asked.

The index takes raw inner products of un-normalised vectors as they are; adding a dimension that makes all lengths
equal (Bachrach et al., RecSys 2014) brought nothing. Measured by `benchmarks/vector_recall.py`: recall@10 and @100 of
1.000 and 1.000 among 150,000 vectors of 768 numbers drawn to be like MedCPT's, .999 and .994 among 700,000 of 128;
with filters never below .987.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock

import lance
import numpy as np
from numpy.typing import NDArray

from indexer.engines.embedded.layout import storage_errors
from indexer.engines.embedded.nearest import Allowed, Slots, Vector, best
from indexer.engines.protocol import VectorSpace
from indexer.queries import Hit

INDEX = "nearest"

_PARTITION_ROWS = 4_096

_PARTITIONS_ASKED = 128
"""All of them up to 524,000 vectors; fewer of them cost recall and save little."""

_REFINE = 3
"""Candidates compared exactly, in multiples of k."""

_FETCH_BELOW = 4_096
"""A filter with so few matches has all of them compared exactly."""

_LIST_BELOW = 0.1
"""The part of all articles up to which a filter is given to the index; a wider one is applied to more candidates."""

_SPARE = 1.3

_EXTEND_ABOVE = 0.02
"""The part of vectors outside of the index, which Lance compares one by one, that makes a commit extend it."""

_MANY_PARTS = 8
"""Each extension adds a part to the index, and each part is asked: among 300,000 vectors 14 of them cost a third more
time than one, which took .3 s to make. So an extension merges these."""

_REBUILD_ABOVE = 4.0
"""The growth since the partitions were chosen that makes a commit choose them anew."""


def is_indexed(table: lance.LanceDataset) -> bool:
    """Whether there is an index to ask."""
    return parts(table) > 0


def parts(table: lance.LanceDataset) -> int:
    """Of how many parts the index is made; 0 for none."""
    return sum(len(index.segments) for index in table.describe_indices() if index.name == INDEX)


def unite(table: lance.LanceDataset) -> None:
    """Make one part of the index's parts, with the vectors that are in none."""
    if (count := parts(table)) > 1:
        table.optimize.optimize_indices(index_names=[INDEX], num_indices_to_merge=count)


def tend(table: lance.LanceDataset, similarity: str, trained: int) -> int:
    """Build the index where there is none or the table has outgrown it; else extend it where that pays.

    Args:
        trained: how many vectors there were when it was last built; 0 for no index.

    Returns:
        The new value of `trained`. Each vector costs about 0.1 ms of one core when built.
    """
    rows: int = table.count_rows()
    dimension: int = table.schema.field("vector").type.list_size
    if dimension % 8:
        return 0  # RaBitQ codes come in bytes; such vectors are compared one by one
    if trained == 0 or rows >= _REBUILD_ABOVE * trained or not is_indexed(table):
        metric = "dot" if similarity == "ip" else "cosine"
        partitions = max(1, rows // _PARTITION_ROWS)
        table.create_index("vector", "IVF_RQ", INDEX, metric, replace=True, num_partitions=partitions)
        return rows
    indexed = sum(index.num_rows_indexed for index in table.describe_indices() if index.name == INDEX)
    if rows - indexed > max(_PARTITION_ROWS, _EXTEND_ABOVE * rows):
        if parts(table) < _MANY_PARTS:
            table.optimize.optimize_indices()
        else:
            unite(table)
    return trained


class ApproximateVectors:
    """A `VectorSearch` that asks the index for candidates and compares those exactly."""

    def __init__(self, table: lance.LanceDataset, space: VectorSpace, location: Path) -> None:
        self._table, self._space, self._location = table, space, location
        self._lock = Lock()

    def get(self, slots: Slots) -> dict[int, Vector]:
        """The vectors of these slots."""
        found, _, rows = self._fetch(slots)
        return {int(slot): row for slot, row in zip(found, rows, strict=True)}

    def nearest(self, vector: Vector, k: int, allowed: Allowed | None) -> list[Hit]:
        """The `k` best of those that the index proposes; of a filter with few matches, the `k` best indeed."""
        if allowed is None:
            slots = self._propose(vector, _REFINE * k)
        elif (count := allowed.count()) <= _FETCH_BELOW:
            slots = allowed.slots()
        elif count <= _LIST_BELOW * len(self._order[0]):
            slots = self._propose(vector, _REFINE * k, allowed.slots())
        else:
            slots = self._propose_widely(vector, _REFINE * k, allowed, count)
        _, ids, rows = self._fetch(slots)
        return best(ids, rows, vector, self._space.similarity)[:k]

    def _propose(self, vector: Vector, k: int, only: Slots | None = None) -> Slots:
        """The slots of the `k` best by their codes, best first."""
        query = {"column": "vector", "q": vector, "k": k, "nprobes": _PARTITIONS_ASKED}
        condition = None if only is None else _in(only.tolist())
        with storage_errors(self._location):
            found = self._table.to_table(
                columns=["slot", "_distance"], nearest=query, filter=condition, prefilter=condition is not None
            )
            slots: Slots = found["slot"].to_numpy()
        return slots

    def _propose_widely(self, vector: Vector, k: int, allowed: Allowed, count: int) -> Slots:
        """So many candidates that `k` of them pass a filter that most pass; all that pass if they do not suffice."""
        total = len(self._order[0])
        asked = int(_SPARE * k * total / count) + 1
        while asked < total:
            proposed = self._propose(vector, asked)
            passed = proposed[np.isin(proposed, allowed.among(proposed))]
            if len(passed) >= k:
                return passed[:k]
            asked *= 4
        return self._propose(vector, k, allowed.slots())

    @cached_property
    def _slots_in_place(self) -> tuple[Slots, NDArray[np.intp]]:
        with storage_errors(self._location):
            slots: Slots = self._table.to_table(columns=["slot"])["slot"].to_numpy()
        order = np.argsort(slots)
        return slots[order], order

    @property
    def _order(self) -> tuple[Slots, NDArray[np.intp]]:
        """All slots, ascending, and the row of each."""
        with self._lock:
            return self._slots_in_place

    def _fetch(self, slots: Slots) -> tuple[Slots, list[str], Vector]:
        """(slots, ids, vectors) of those slots that have a vector."""
        every, rows = self._order
        places = np.minimum(np.searchsorted(every, slots), len(every) - 1)
        wanted = np.sort(rows[places[every[places] == slots]])
        with storage_errors(self._location):
            found = self._table.take(wanted, columns=["slot", "id", "vector"]).combine_chunks()
            vectors = found["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
            vectors = vectors.reshape(-1, self._space.dimension)
            return found["slot"].to_numpy(), found["id"].to_pylist(), vectors


def _in(slots: Sequence[int]) -> str:
    return f"slot IN ({','.join(map(str, slots))})"
