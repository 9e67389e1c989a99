"""Writes an embedded index: vectors first, made durable, then the text commit that acknowledges both."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import tantivy

from indexer.article import Article, Deletion, Record
from indexer.engines.embedded import text
from indexer.engines.embedded.layout import Layout, create, is_free, read_space, storage_errors
from indexer.engines.embedded.nearest import EXACT_BYTES, Vector
from indexer.engines.embedded.vectors import VectorStore, take_back
from indexer.engines.protocol import Publication, Refused, Stored, VectorSpace
from indexer.engines.usable import describe, distinct_ids, usable_id, usable_vector
from indexer.errors import DamagedIndex, IndexClosed, IndexLocked, NoIndex, VectorMismatch
from indexer.ledger import FileLedger, Ledger
from indexer.order import arrival_of

KEEP_OLD = timedelta(minutes=30)
"""How long old vectors stay for readers in other processes; one that lost its version opens the newest."""

_HEAP = 256_000_000
"""Bytes that tantivy fills before it writes a segment."""


class EmbeddedWriter:
    """The one `Writer` of the index in a folder; a lock that dies with its process keeps others out."""

    keep_old = KEEP_OLD

    def __init__(
        self, folder: Path, space: VectorSpace | None, *, make: bool = True, exact_bytes: int = EXACT_BYTES
    ) -> None:
        self._layout = Layout(folder)
        self._exact_bytes = exact_bytes
        if is_free(folder):
            if not make:
                raise NoIndex(location=folder)
            with storage_errors(folder):
                create(folder, space)
        read_space(folder)  # refuses what is not ours before anything is written
        self._index, self._writer = _lock(self._layout)
        try:
            self._open(space)
        except BaseException:
            self._unlock()
            raise

    def _open(self, space: VectorSpace | None) -> None:
        """With the lock held: read what is there, and take back what no commit acknowledged."""
        self._space = read_space(self._layout.folder)
        _refuse_strangers(self._layout.folder, self._space, space)
        self._pending: dict[str, text.Head] = {}
        note = self._see_commit()
        self._ledger = FileLedger(self._layout.ledger, note.arrival)
        if note == text.Note() and any(entry.added or entry.replaced for entry in self._ledger.entries()):
            raise DamagedIndex(location=self._layout.folder, reason="its ledger names files, but no record is there")
        self._next_slot, self._arrival = note.next_slot, note.arrival
        self._vectors: VectorStore | None = None
        if self._space is not None:
            self._vectors = VectorStore(self._layout.vectors, self._space, note, exact_bytes=self._exact_bytes)

    @property
    def ledger(self) -> Ledger:
        """Which source files are done."""
        return self._ledger

    @property
    def space(self) -> VectorSpace | None:
        """The vectors that this index holds."""
        return self._space

    def stored(self, ids: Collection[str]) -> Mapping[str, Stored]:
        """What is stored for these ids, writes since the last commit included; unknown ids are absent."""
        return {id: head.stored for id, head in self._heads(ids).items()}

    def write(
        self,
        articles: Sequence[Article],
        vectors: Mapping[str, Vector],
        keep: Collection[str] = (),
    ) -> None:
        """Store articles. Nothing of a call is stored if any part of it is unusable."""
        ids, folder = distinct_ids(articles), self._layout.folder
        checked = {id: usable_vector(id, vectors[id], self._space, location=folder) for id in ids if id in vectors}
        old = self._heads(ids)
        new = dict(
            zip(ids, (self._placed(a, old.get(a.id), a.id in checked, a.id in keep) for a in articles), strict=True)
        )
        self._replace(articles, old, new)
        if self._vectors is not None:
            for id, vector in checked.items():
                self._vectors.put(new[id].slot, id, vector)

    def delete(self, deletions: Sequence[Deletion]) -> None:
        """Store tombstones; text and vector of these ids are gone."""
        deletions = list({usable_id(deletion.id): deletion for deletion in deletions}.values())
        old = self._heads([deletion.id for deletion in deletions])
        new = {deletion.id: text.head_of(deletion, self._slot(), False) for deletion in deletions}
        self._replace(deletions, old, new)

    def commit(self) -> None:
        """Vectors, fsync, then the text commit with the note that names them: the acknowledgement."""
        writer = self._held()
        note = text.Note(next_slot=self._next_slot)
        if self._vectors is not None:
            self._vectors.flush()
            self._vectors.tidy()
            self._vectors.sync()
            note = self._vectors.note(self._next_slot)
        note = replace(note, arrival=self._arrival)
        with storage_errors(self._layout.folder):
            writer.delete_documents_by_term(text.STATE, text.COMMIT)
            writer.add_document(text.note_document(note))
            writer.commit()
        self._see_commit()
        self._pending.clear()

    def refused(self) -> list[Refused]:
        """None: what cannot be stored is an error at once."""
        return []

    def reusable(self, articles: Sequence[Article]) -> Mapping[str, Vector]:
        """None: a folder has no older versions."""
        return {}

    def publish(self) -> Publication:
        """Nothing to do: each commit is served."""
        return Publication(True)

    def optimize(self) -> None:
        """Commit, merge, build or extend the vector index, and forget versions that nothing reads."""
        if self._vectors is not None:
            self._vectors.flush()
            self._vectors.compact()
        self.commit()
        if self._vectors is not None:
            self._vectors.forget_old(self.keep_old)

    def close(self) -> None:
        """Drop what was not committed and let others write; merges that run are waited for."""
        if self._writer is None:
            return
        try:
            with storage_errors(self._layout.folder):
                self._writer.rollback()
                note = self._see_commit()
                if self._vectors is not None:
                    take_back(self._layout.vectors, note.version)
        finally:
            self._unlock()

    def _held(self) -> tantivy.IndexWriter:
        if self._writer is None:
            raise IndexClosed(location=self._layout.folder)
        return self._writer

    def _unlock(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            with storage_errors(self._layout.folder):
                writer.wait_merging_threads()

    def _see_commit(self) -> text.Note:
        with storage_errors(self._layout.folder):
            self._index.reload()
            self._searcher = self._index.searcher()
            return text.read_note(self._searcher, self._index.schema)

    def _heads(self, ids: Collection[str]) -> dict[str, text.Head]:
        self._held()
        known = {id: self._pending[id] for id in ids if id in self._pending}
        with storage_errors(self._layout.folder):
            found = text.find(self._searcher, self._index.schema, (id for id in ids if id not in known))
            return known | {id: text.read_head(document) for id, document in found.items()}

    def _slot(self) -> int:
        self._next_slot += 1
        return self._next_slot - 1

    def _placed(self, article: Article, old: text.Head | None, brings: bool, keeps: bool) -> text.Head:
        """A record that keeps its vector keeps its slot; any other takes a new one."""
        if keeps and not brings and old is not None and old.stored.has_vector:
            return text.head_of(article, old.slot, True)
        return text.head_of(article, self._slot(), brings)

    def _replace(self, records: Sequence[Record], old: Mapping[str, text.Head], new: Mapping[str, text.Head]) -> None:
        writer = self._held()
        documents = [text.document(record, new[record.id]) for record in records]
        with storage_errors(self._layout.folder):
            for id in old:
                writer.delete_documents_by_term(text.KEY, id)
            for document in documents:
                writer.add_document(document)
        for id, head in old.items():
            if self._vectors is not None and head.stored.has_vector and head.slot != new[id].slot:
                self._vectors.drop(head.slot)
        self._pending.update(new)
        self._arrival = max([self._arrival, *(arrival_of(record.order) for record in records)])


def _lock(layout: Layout) -> tuple[tantivy.Index, tantivy.IndexWriter | None]:
    """The text index, opened anew, and its writer: an `Index` opened before another's commit would lose its files."""
    with storage_errors(layout.folder):
        if not layout.has_text():
            text.make_text(layout.text)
        index = text.open_text(layout.text)
    try:
        with storage_errors(layout.folder):
            return index, index.writer(_HEAP, 1)
    except DamagedIndex as error:
        if "LockBusy" in str(error):
            raise IndexLocked(location=layout.folder) from error
        raise


def _refuse_strangers(folder: Path, stored: VectorSpace | None, asked: VectorSpace | None) -> None:
    if asked is not None and (stored is None or not stored.fits(asked)):
        raise VectorMismatch(index=folder, stored=describe(stored), asked=describe(asked))
