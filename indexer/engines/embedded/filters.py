"""The articles that a filter lets through, as the vector search needs them: counted, listed, or picked from a few."""

from functools import cached_property
from pathlib import Path

import numpy as np
import tantivy

from indexer.engines.embedded import text
from indexer.engines.embedded.layout import storage_errors
from indexer.engines.embedded.nearest import Slots
from indexer.engines.embedded.translate import unscored, within
from indexer.queries import Not, Query


class Filter:
    """One condition at one commit; what was found out is kept for the next question with the same filter."""

    def __init__(self, condition: Query, searcher: tantivy.Searcher, next_slot: int, location: Path) -> None:
        self._condition, self._searcher, self._next_slot, self._location = condition, searcher, next_slot, location
        self._schema = text.schema()
        self._query = unscored(condition, self._schema)

    def count(self) -> int:
        """How many articles match."""
        return self._count

    @cached_property
    def _count(self) -> int:
        with storage_errors(self._location):
            return int(self._searcher.search(self._query, 1, count=True).count)

    def slots(self) -> Slots:
        """The slots of all that match, ascending."""
        return self._slots

    @cached_property
    def _slots(self) -> Slots:
        """Where most articles match, those that do not are collected, and all other slots are returned."""
        if 2 * self._count <= self._searcher.num_docs:
            return self._collect(self._query, self._count)
        others = unscored(Not(self._condition), self._schema)
        passed = np.ones(self._next_slot, np.bool_)
        passed[self._collect(others, self._searcher.num_docs)] = False
        return np.flatnonzero(passed).astype(np.int64)

    def among(self, slots: Slots) -> Slots:
        """Those of `slots` that match."""
        few = tantivy.Query.term_set_query(self._schema, text.SLOT, slots.tolist())
        return self._collect(within(self._query, few), len(slots))

    def _collect(self, query: tantivy.Query, most: int) -> Slots:
        if most == 0:
            return np.empty(0, np.int64)
        with storage_errors(self._location):
            addresses = [address for _, address in self._searcher.search(query, most, count=False).hits]
            return np.sort(np.array(self._searcher.fast_field_values(text.SLOT, addresses), np.int64))
