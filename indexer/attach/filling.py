"""Documents of somebody's index → which need a vector → vectors → updates, all three at once."""

import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from indexer.article import Article, text_digest
from indexer.attach.pace import Pace
from indexer.attach.tally import Outcome, Tally
from indexer.attach.writing import Writing
from indexer.engines.opensearch.attached import changes, pages
from indexer.engines.opensearch.attached.changes import Change
from indexer.engines.opensearch.attached.field_map import passage_of, place
from indexer.engines.opensearch.attached.foreign import Foreign, documents, refresh
from indexer.engines.opensearch.attached.pages import Document
from indexer.engines.opensearch.attached.record import Record
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.usable import usable_vector
from indexer.readahead import chunks
from onnx_models.encoder import Encoder

MOST_READ = 50_000
"""Letters of a text that are given to the encoder, which reads some hundred words of it."""

CHUNK, _CHUNK_LETTERS = 512, 1 << 24
"""Documents that are decided on together; fewer where they are long."""
SLICE = 64
"""Documents that are encoded together; progress is told after each."""
_SHOWN = 20
"""Refusals that are told one by one."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FillOptions:
    """How a run goes about it."""

    pace: Pace = field(default_factory=lambda: Pace(None))
    dry_run: bool = False
    """Read and decide, and neither encode nor write."""


def to_be_filled(record: Record) -> Mapping[str, Any]:
    """The query for documents without a vector of this model: what a backfill that was stopped goes on with."""
    return {"bool": {"must_not": [record.has_vector]}}


EVERY: Mapping[str, Any] = {"match_all": {}}
"""The query for documents that may need a vector, or another one: any, as only their texts tell."""


def fill(
    cluster: Cluster,
    index: Foreign,
    record: Record,
    encoder: Encoder,
    *,
    query: Mapping[str, Any],
    options: FillOptions,
) -> Generator[Tally, None, Outcome]:
    """Give each document that `query` finds the vector of its text, as far as it has not got it.

    Yields progress, and returns what the index holds in the end. What was acknowledged stays when it is stopped.

    Raises: IndexerError, where the cluster stops taking it.
    """
    if not options.dry_run:
        refresh(cluster, index.name)  # what no search has seen yet would be left out
    run = _Run(cluster, index, record, encoder, options)
    with closing(run.writing):
        tally = yield from run.over(query)
    if options.dry_run:
        return _outcome(cluster, index, record, tally, run)
    is_seen = refresh(cluster, index.name)
    return replace(_outcome(cluster, index, record, tally, run), is_seen=is_seen)


def _outcome(cluster: Cluster, index: Foreign, record: Record, tally: Tally, run: "_Run") -> Outcome:
    refusals = tuple((refused.id, refused.reason) for refused in run.writing.refused()[:_SHOWN])
    return Outcome(
        documents=documents(cluster, index.name),
        with_vector=documents(cluster, index.name, record.has_vector),
        tally=tally,
        refusals=refusals,
    )


@dataclass(frozen=True, slots=True)
class _Todo:
    """A document whose text is to be encoded."""

    document: Document
    passage: tuple[str, str]
    digest: str

    @property
    def length(self) -> int:
        """Letters."""
        return len(self.passage[0]) + len(self.passage[1])


class _Run:
    """One pass over an index."""

    def __init__(
        self, cluster: Cluster, index: Foreign, record: Record, encoder: Encoder, options: FillOptions
    ) -> None:
        self._cluster, self._index, self._record, self._encoder = cluster, index, record, encoder
        self._options = options
        read = dict.fromkeys(place(path, index.leaves) for path in record.map.encoded)
        self._fields = [*read, record.added.digest, record.added.model]
        self._encoding = threading.Lock()
        self._letters = 0
        self.writing = Writing(cluster, index, self._fields, self._anew)

    def over(self, query: Mapping[str, Any]) -> Generator[Tally, None, Tally]:
        tally = Tally(found=documents(self._cluster, self._index.name, query))
        yield tally
        with closing(self._chunks(query)) as read:
            for chunk in read:
                tally, todo = self._decided(chunk, tally)
                for part in _slices(todo, SLICE):
                    tally = self._given(part, tally)
                    yield self.writing.settled(tally)
                yield self.writing.settled(tally)
        self.writing.finish()
        tally = self.writing.settled(tally)
        yield tally
        return tally

    def _chunks(self, query: Mapping[str, Any]) -> Generator[list[Document], None, None]:
        found = pages.all_documents(self._cluster, self._index, query, self._fields)
        return chunks(self._metered(found), CHUNK, read=lambda: self._letters, most=_CHUNK_LETTERS)

    def _metered(self, found: Iterator[Document]) -> Iterator[Document]:
        for document in found:
            self._letters += sum(map(len, self._passage(document)))
            yield document

    def _decided(self, chunk: Sequence[Document], tally: Tally) -> tuple[Tally, list[_Todo]]:
        """What is to be encoded of a chunk, by length; the rest is settled."""
        todo: list[_Todo] = []
        fresh = without = stale = 0
        for document in chunk:
            need = self._need(document)
            if isinstance(need, _Todo):
                todo.append(need)
            elif need == "fresh":
                fresh += 1
            elif need == "empty":
                without += 1
            else:
                stale += 1
                self._put(changes.take_out(document, self._record.added.all))
        todo.sort(key=lambda item: item.length)
        counted = replace(
            tally,
            read=tally.read + len(chunk),
            fresh=tally.fresh + fresh,
            without_text=tally.without_text + without,
            cleared=tally.cleared + stale,
        )
        return counted, todo

    def _need(self, document: Document) -> "_Todo | str":
        """What a document needs: to be encoded; or "fresh", "empty" for nothing, "stale" for its vector taken out."""
        passage, added = self._passage(document), self._record.added
        digest = text_digest(Article(id=document.id, title=passage[0], abstract=passage[1]))
        model = document.source.get(added.model)
        if not digest:
            return "empty" if model is None else "stale"
        if model == self._record.space.fingerprint and document.source.get(added.digest) == digest:
            return "fresh"
        return _Todo(document, (passage[0][:MOST_READ], passage[1][:MOST_READ]), digest)

    def _passage(self, document: Document) -> tuple[str, str]:
        return passage_of(document.source, self._record.map, self._index.leaves)

    def _given(self, part: Sequence[_Todo], tally: Tally) -> Tally:
        if not self._options.dry_run:
            for item, vector in zip(part, self._vectors([item.passage for item in part]), strict=True):
                self._put(self._change(item, vector))
        return replace(tally, encoded=tally.encoded + len(part))

    def _vectors(self, passages: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        with self._encoding:
            return self._encoder.encode(passages)

    def _change(self, item: _Todo, vector: NDArray[np.float32]) -> Change:
        added, space = self._record.added, self._record.space
        fields = {
            added.vector: usable_vector(item.document.id, vector, space, location=self._cluster.address),
            added.digest: item.digest,
            added.model: space.fingerprint,
        }
        return changes.put_in(item.document, fields, item.digest)

    def _put(self, change: Change) -> None:
        if not self._options.dry_run:
            self._options.pace.wait()
            self.writing.put(change)

    def _anew(self, document: Document, change: Change) -> Change | None:
        """For a document that somebody wrote since it was read; called by the threads that send."""
        need = self._need(document)
        if isinstance(need, _Todo):
            if need.digest == change.digest:  # they wrote something else
                return changes.again(change, document)
            return self._change(need, self._vectors([need.passage])[0])
        return changes.take_out(document, self._record.added.all) if need == "stale" else None


def _slices(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
