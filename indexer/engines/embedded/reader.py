"""Answers questions about one commit of an embedded index: a text searcher, and the vectors that belong to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

import numpy as np
import tantivy

from indexer.article import Article
from indexer.engines.embedded import text
from indexer.engines.embedded.filters import Filter
from indexer.engines.embedded.layout import FORMAT, Layout, read_space, storage_errors
from indexer.engines.embedded.nearest import EXACT_BYTES, Vector, VectorSearch
from indexer.engines.embedded.snapshots import newest
from indexer.engines.embedded.translate import scored, unscored, within
from indexer.engines.embedded.view import VectorView
from indexer.engines.protocol import IndexInfo, Row
from indexer.engines.usable import describe
from indexer.errors import DamagedIndex, IndexClosed, UnfinishedIndex, UnusableVector, VectorMismatch
from indexer.nlm_date import iso_date
from indexer.queries import Hit, Lexical, Nearest, Probe, Query, best_first, has_score

_ROWS_AT_ONCE = 4_096
_FILTERS_KEPT = 32


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One commit: what the text index held, and the version of the vectors that it names."""

    searcher: tantivy.Searcher
    schema: tantivy.Schema
    note: text.Note
    vectors: VectorView | None
    filters: dict[Query, Filter] = field(default_factory=dict)

    def count(self, query: tantivy.Query) -> int:
        """How many documents match."""
        return int(self.searcher.search(query, 1, count=True).count)


class EmbeddedReader:
    """A `Reader` of the index in a folder."""

    def __init__(self, folder: Path, *, exact_bytes: int = EXACT_BYTES) -> None:
        self._layout = Layout(folder)
        self._exact_bytes = exact_bytes
        self._space = read_space(folder)
        with storage_errors(folder):
            if not self._layout.has_text():
                raise UnfinishedIndex(location=folder)
            self._index: tantivy.Index | None = None
        self._closed = False
        self._snapshot = self._newest()

    def info(self, *, versions: bool = True) -> IndexInfo:
        """What the index holds."""
        now = self._current()
        with storage_errors(self._layout.folder):
            articles = now.count(text.state(now.schema, text.ARTICLE))
            tombstones = now.count(text.state(now.schema, text.DELETED))
            newest = now.searcher.aggregate(tantivy.Query.all_query(), {"date": {"max": {"field": text.DATE}}})
        date = newest["date"]["value"]
        return IndexInfo(
            location=str(self._layout.folder),
            engine="embedded",
            format=FORMAT,
            articles=articles,
            vectors=now.note.vectors,
            tombstones=tombstones,
            space=self._space,
            data_date=iso_date(int(date)) if date is not None else "",
            bytes=self._layout.bytes(),
        )

    def search(self, probes: Sequence[Probe]) -> list[list[Hit]]:
        """One list a probe. A version of the vectors that was cleaned away meanwhile is replaced by the newest."""
        now = self._current()
        try:
            return [self._answer(probe, now) for probe in probes]
        except DamagedIndex:
            self.refresh()
            if self._current().note == now.note:
                raise
            return [self._answer(probe, self._current()) for probe in probes]

    def fetch(self, ids: Sequence[str]) -> list[Article | None]:
        """The articles in the order asked; None where there is none, or it was deleted."""
        now = self._current()
        with storage_errors(self._layout.folder):
            found = text.find(now.searcher, now.schema, ids)
            records = {id: text.read_record(document, text.read_head(document)) for id, document in found.items()}
        asked = (records.get(id) for id in ids)
        return [record if isinstance(record, Article) else None for record in asked]

    def vectors(self, ids: Sequence[str]) -> list[Vector | None]:
        """The stored vectors in the order asked; None where there is none."""
        now = self._current()
        if now.vectors is None:
            return [None] * len(ids)
        with storage_errors(self._layout.folder):
            found = text.find(now.searcher, now.schema, ids)
            slots = {id: text.read_head(document).slot for id, document in found.items()}
        vectors = now.vectors.open().get(np.array(sorted(slots.values()), np.int64))
        return [vectors.get(slots[id]) if id in slots else None for id in ids]

    def rows(self) -> Iterator[Row]:
        """Every stored id at this commit, tombstones too, by slot."""
        now = self._current()
        for start in range(0, now.note.next_slot, _ROWS_AT_ONCE):
            yield from self._rows_from(start, now)

    def _rows_from(self, start: int, now: Snapshot) -> Iterator[Row]:
        query = tantivy.Query.range_query(
            now.schema, text.SLOT, tantivy.FieldType.Integer, start, start + _ROWS_AT_ONCE - 1
        )
        with storage_errors(self._layout.folder):
            hits = now.searcher.search(query, _ROWS_AT_ONCE, count=False).hits
            documents = [now.searcher.doc(address) for _, address in hits]
            heads = [text.read_head(document) for document in documents]
            records = [text.read_record(*stored) for stored in zip(documents, heads, strict=True)]
        slots = np.array(sorted(head.slot for head in heads), np.int64)
        vectors = now.vectors.open().get(slots) if now.vectors else {}
        for record, head in zip(records, heads, strict=True):
            yield Row(record, vectors.get(head.slot), head.stored)

    def refresh(self) -> None:
        """See the newest commit from now on."""
        self._snapshot = self._newest()

    def close(self) -> None:
        """Let go of the files."""
        self._index, self._closed = None, True

    def _current(self) -> Snapshot:
        if self._closed:
            raise IndexClosed(location=self._layout.folder)
        return self._snapshot

    def _newest(self) -> Snapshot:
        """The note is read through the searcher that it belongs to, so text and vectors cannot drift apart."""
        if self._closed:
            raise IndexClosed(location=self._layout.folder)
        with storage_errors(self._layout.folder):
            self._index, searcher = newest(self._layout.text, self._index)
            index = self._index
            note = text.read_note(searcher, index.schema)
        view = None
        if self._space is not None:
            view = VectorView(self._layout.vectors, self._space, note.version, self._exact_bytes)
        return Snapshot(searcher, index.schema, note, view)

    def _answer(self, probe: Probe, now: Snapshot) -> list[Hit]:
        match probe:
            case Lexical():
                return self._lexical(probe, now) if probe.k > 0 else []
            case Nearest():
                return self._nearest(probe, now)
            case _:
                assert_never(probe)

    def _lexical(self, probe: Lexical, now: Snapshot) -> list[Hit]:
        query = scored(probe.query, now.schema)
        if probe.within is not None:
            query = within(query, unscored(probe.within, now.schema))
        with storage_errors(self._layout.folder):
            if not has_score(probe.query):
                return _first_by_id(now.searcher, query, probe.k)
            return _best_by_score(now.searcher, query, probe.k)

    def _nearest(self, probe: Nearest, now: Snapshot) -> list[Hit]:
        vectors, vector = self._comparable(probe.vector, now)
        if probe.k <= 0:
            return []
        allowed = None if probe.within is None else self._filter(probe.within, now)
        return vectors.nearest(vector, probe.k, allowed)

    def _comparable(self, vector: Vector, now: Snapshot) -> tuple[VectorSearch, Vector]:
        if self._space is None or now.vectors is None:
            raise VectorMismatch(index=self._layout.folder, stored="no vectors", asked=f"shape {vector.shape}")
        if vector.shape != (self._space.dimension,):
            raise VectorMismatch(
                index=self._layout.folder, stored=describe(self._space), asked=f"a vector of shape {vector.shape}"
            )
        if not np.isfinite(vector).all():
            raise UnusableVector(of="the question")
        return now.vectors.open(), vector.astype(np.float32, copy=False)

    def _filter(self, condition: Query, now: Snapshot) -> Filter:
        """The same object for the same filter, so that its articles are collected once."""
        if len(now.filters) >= _FILTERS_KEPT:
            now.filters.clear()
        made = Filter(condition, now.searcher, now.note.next_slot, self._layout.folder)
        return now.filters.setdefault(condition, made)


def _best_by_score(searcher: tantivy.Searcher, query: tantivy.Query, k: int) -> list[Hit]:
    """The `k` best; of those that tie at the end, the first by id: so the search goes as deep as the tie does."""
    limit = k + 32
    while True:
        hits = searcher.search(query, limit, count=False).hits
        if len(hits) < limit or hits[-1][0] < hits[k - 1][0]:
            break
        limit *= 4
    least = hits[min(k, len(hits)) - 1][0] if hits else 0.0
    wanted = [(score, address) for score, address in hits if score >= least]
    return best_first([Hit(searcher.doc(address).get_first(text.KEY), score) for score, address in wanted])[:k]


def _first_by_id(searcher: tantivy.Searcher, query: tantivy.Query, k: int) -> list[Hit]:
    """Matches that all score nothing, by id."""
    hits = searcher.search(query, k, count=False, order_by_field=text.KEY, order=tantivy.Order.Asc).hits
    return [Hit(id, 0.0) for id, _ in hits]
