"""Vectors into a side-car: an index of ours, in a folder or a cluster, with the ids of somebody's and no texts.

For an index that cannot take vectors itself, or that may only be read.
"""

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice

from indexer.article import Article, Deletion
from indexer.article_json import record_digest
from indexer.attach.filling import MOST_READ, FillOptions
from indexer.attach.tally import Outcome, Tally
from indexer.engines import open_reader, open_writer
from indexer.engines.location import Location
from indexer.engines.opensearch.attached.beside_note import BesideNote, write_note
from indexer.engines.opensearch.attached.beside_reader import BesideReader
from indexer.engines.opensearch.attached.errors import NotBeside
from indexer.engines.opensearch.attached.field_map import passage_of
from indexer.engines.opensearch.attached.pages import Document
from indexer.engines.opensearch.attached.standin import stand_in
from indexer.engines.opensearch.attached.theirs import Theirs
from indexer.engines.protocol import Reader, Row, Stored, VectorSpace, Writer
from indexer.errors import NoIndex
from indexer.readahead import chunks
from onnx_models.encoder import Encoder

_CHUNK, _SLICE = 256, 64
"""Documents that are decided on, and that are encoded, together."""
_COMMIT = 2_000
"""Documents after which what was encoded is made safe."""
_IDS_AT_ONCE = 1_000
_SOURCE = "(not in the index that this one belongs to)"


@dataclass(frozen=True, slots=True, kw_only=True)
class SideCar:
    """One side-car, and what it belongs to."""

    location: Location
    note: BesideNote
    space: VectorSpace
    order: int
    """Of this run: the seconds at which it began, so that a later one wins."""


def note_at(location: Location) -> BesideNote | None:
    """What a side-car that is there belongs to; None where there is nothing yet.

    Raises: NotBeside, for an index that is none.
    """
    try:
        reader = open_reader(location)
    except NoIndex:
        return None
    with closing(reader):
        if isinstance(reader, BesideReader):
            return reader.note
        if reader.info(versions=False).articles:
            raise NotBeside(location=location, why="it holds articles of its own")
    return None


def fill_beside(
    theirs: Theirs, car: SideCar, encoder: Encoder, options: FillOptions
) -> Generator[Tally, None, Outcome]:
    """Give the side-car the vectors of all documents, as far as it has not got them, and rid it of others.

    The same call goes on after a stop, and mends what was added, changed or deleted since.

    Raises: IndexerError, where either index cannot be read or written.
    """
    if options.dry_run:
        with closing(_Held(car.location)) as held:
            tally = yield from _Run(theirs, car, encoder, options, held).over()
        return Outcome(documents=theirs.count(), with_vector=vectors_at(car.location), tally=tally)
    with closing(open_writer(car.location, space=car.space, beside=True)) as writer:
        write_note(car.location, car.note)
        tally = yield from _Run(theirs, car, encoder, options, writer).over()
        refused = writer.refused()
        writer.publish()
    return Outcome(
        documents=theirs.count(),
        with_vector=vectors_at(car.location),
        tally=replace(tally, encoded=tally.encoded - len(refused), refused=len(refused)),
        refusals=tuple((one.id, one.reason) for one in refused[:20]),
    )


def space_at(location: Location) -> VectorSpace | None:
    """Of the vectors of a side-car that is there."""
    try:
        reader = open_reader(location)
    except NoIndex:
        return None
    with closing(reader):
        return reader.info(versions=False).space


def vectors_at(location: Location) -> int:
    """How many a side-car holds; 0 where there is none."""
    try:
        reader = open_reader(location)
    except NoIndex:
        return 0
    with closing(reader):
        return reader.info(versions=False).vectors


class _Held:
    """What a side-car holds before a run that writes nothing; where there is none yet, that is nothing."""

    def __init__(self, location: Location) -> None:
        self._reader: Reader | None = None
        try:
            self._reader = open_reader(location)
        except NoIndex:
            return

    def stored(self, ids: Collection[str]) -> Mapping[str, Stored]:
        """As a writer's `stored` tells it."""
        if not isinstance(self._reader, BesideReader):
            return {}
        return {row.record.id: _stored(row) for row in self._reader.own(list(ids))}

    def close(self) -> None:
        """Let go of it."""
        if self._reader is not None:
            self._reader.close()


def _stored(row: Row) -> Stored:
    return Stored(
        order=row.record.order,
        deleted=False,
        text_digest="",
        record_digest=record_digest(row.record),
        has_vector=row.vector is not None,
    )


class _Run:
    """One pass over their index."""

    def __init__(
        self, theirs: Theirs, car: SideCar, encoder: Encoder, options: FillOptions, held: Writer | _Held
    ) -> None:
        """`held`: tells what the side-car holds; a writer is written to as well."""
        self._theirs, self._car, self._encoder, self._options = theirs, car, encoder, options
        self._held, self._writer = held, None if isinstance(held, _Held) else held
        self._seen: set[str] | None = set() if theirs.may_share_ids() else None
        self._uncommitted = 0

    def over(self) -> Generator[Tally, None, Tally]:
        """All documents of theirs, then what the side-car holds beside."""
        tally = Tally(found=self._theirs.count())
        yield tally
        with closing(chunks(self._theirs.every(), _CHUNK)) as read:
            for chunk in read:
                tally = self._written(chunk, tally)
                yield tally
        if self._writer is not None:
            self._writer.commit()
        gone = self._rid_of_strangers()
        tally = replace(tally, read=tally.read + gone, cleared=tally.cleared + gone)
        yield tally
        return tally

    def _written(self, chunk: Sequence[Document], tally: Tally) -> Tally:
        fields = self._theirs.fields
        first = list(self._first_of_each(chunk))
        made = {doc.id: (doc, stand_in(doc.id, doc.source, fields, order=self._car.order)) for doc in first}
        stored = self._held.stored(made)
        without = [id for id, (_, article) in made.items() if not article.extra["text_digest"]]
        stale = [id for id in without if id in stored and not stored[id].deleted]
        fresh = {id for id, (_, article) in made.items() if id not in without and _is_fresh(article, stored.get(id))}
        todo = [pair for id, pair in made.items() if id not in fresh and id not in without]
        self._delete(stale)
        todo.sort(key=lambda pair: sum(map(len, passage_of(pair[0].source, fields.map, fields.leaves))))
        for start in range(0, len(todo), _SLICE):
            self._encode(todo[start : start + _SLICE])
        return replace(
            tally,
            read=tally.read + len(chunk),
            twins=tally.twins + len(chunk) - len(first),
            fresh=tally.fresh + len(fresh),
            without_text=tally.without_text + len(without) - len(stale),
            cleared=tally.cleared + len(stale),
            encoded=tally.encoded + len(todo),
        )

    def _first_of_each(self, chunk: Sequence[Document]) -> Iterator[Document]:
        """Those with an id that no document before had: shards are read in order, so it is the same one every time."""
        for document in chunk:
            if self._seen is None or document.id not in self._seen:
                yield document
            if self._seen is not None:
                self._seen.add(document.id)

    def _encode(self, part: Sequence[tuple[Document, Article]]) -> None:
        if self._writer is None:
            return
        fields = self._theirs.fields
        passages = [passage_of(document.source, fields.map, fields.leaves) for document, _ in part]
        vectors = self._encoder.encode([(title[:MOST_READ], text[:MOST_READ]) for title, text in passages])
        for _ in part:
            self._options.pace.wait()
        articles = [article for _, article in part]
        rows = {article.id: row for article, row in zip(articles, vectors, strict=True)}
        self._writer.write(articles, rows)
        self._uncommitted += len(part)
        if self._uncommitted >= _COMMIT:
            self._writer.commit()
            self._uncommitted = 0

    def _delete(self, ids: Sequence[str]) -> None:
        if ids and self._writer is not None:
            self._writer.delete([Deletion(id=id, order=self._car.order, source=_SOURCE) for id in ids])

    def _rid_of_strangers(self) -> int:
        """Delete what has gone from their index; how many."""
        gone = 0
        try:
            reader = open_reader(self._car.location)
        except NoIndex:  # a dry run, before there is any
            return 0
        with closing(reader):
            rows = reader.own_rows() if isinstance(reader, BesideReader) else reader.rows()
            ids = (row.record.id for row in rows if isinstance(row.record, Article))
            for part in _parts(ids, _IDS_AT_ONCE):
                there = self._theirs.sources(part, [self._theirs.fields.map.text[0]])
                strangers = [id for id in part if id not in there]
                self._delete(strangers)
                gone += len(strangers)
        if gone and self._writer is not None:
            self._writer.commit()
        return gone


def _is_fresh(article: Article, stored: Stored | None) -> bool:
    return stored is not None and stored.has_vector and stored.record_digest == record_digest(article)


def _parts(items: Iterator[str], size: int) -> Iterator[list[str]]:
    while part := list(islice(items, size)):
        yield part
