"""Answers questions about an index that is not ours, with the vectors that were attached to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

import numpy as np

from indexer.article import Article
from indexer.engines.location import Location
from indexer.engines.opensearch.attached.errors import NotAttached
from indexer.engines.opensearch.attached.foreign import Foreign, documents, foreign
from indexer.engines.opensearch.attached.record import Record, record_of
from indexer.engines.opensearch.attached.theirs import Theirs
from indexer.engines.opensearch.attached.translate import clause
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.contents.encodings import as_kept, space_type
from indexer.engines.opensearch.searching.asking import Question
from indexer.engines.opensearch.searching.exact import MOST_EXACT, Selectivity
from indexer.engines.opensearch.searching.lists import Vector, Vectors, one_by_one, through_graph
from indexer.engines.opensearch.searching.probing import as_sent_and_through_graph, lists_of
from indexer.engines.opensearch.searching.unsent import Unsent, unsent
from indexer.engines.protocol import IndexInfo, Row
from indexer.engines.usable import describe
from indexer.errors import IndexClosed, UnusableVector, VectorMismatch
from indexer.queries import Hit, Lexical, Nearest, Probe


@dataclass(frozen=True, slots=True)
class _Seen:
    """The index as it was described last; `refresh` reads it anew."""

    index: Foreign
    record: Record
    theirs: Theirs
    vectors: Vectors
    selectivity: Selectivity


class AttachedReader:
    """A `Reader` of an index that `biocpt attach` added vectors to. Ids are those of its documents."""

    def __init__(self, location: Location, *, most_exact: int = MOST_EXACT) -> None:
        self._location, self._most_exact = location, most_exact
        self._cluster = Cluster(address.parse(location.name), location.access)
        self._closed = False
        try:
            self._seen = self._look()
        except BaseException:
            self._cluster.close()
            raise

    def info(self, *, versions: bool = True) -> IndexInfo:
        """What the index holds: all its documents, with vectors or without."""
        seen = self._current()
        name = seen.index.name
        sizes = self._cluster.request(
            "GET",
            f"/{name}/_stats/store",
            params={"filter_path": "_all.primaries.store.size_in_bytes"},
            doing=f"read the size of {name!r}",
        )
        return IndexInfo(
            location=str(self._cluster.address),
            engine="opensearch",
            format=1,
            articles=seen.theirs.count(),
            vectors=documents(self._cluster, name, seen.record.has_vector),
            tombstones=0,
            space=seen.record.space,
            data_date="",
            bytes=sizes["_all"]["primaries"]["store"]["size_in_bytes"],
            is_attached=True,
        )

    def search(self, probes: Sequence[Probe]) -> list[list[Hit]]:
        """One list a probe, all in one request.

        Raises:
            UnmappedField: a filter that the field map has no field for.
            QuestionTooLarge: more words than the server takes clauses.
        """
        seen = self._current()
        questions = [self._question(probe, seen) for probe in probes]
        return lists_of(probes, questions, seen.theirs.ask, seen.selectivity)

    def would_send(self, probes: Sequence[Probe]) -> Unsent:
        """What `search` would send for these probes, each of a `k` of at least 1; the cluster is asked what it is."""
        seen = self._current()
        questions = [self._question(probe, seen) for probe in probes]
        pairs = as_sent_and_through_graph(probes, questions, lambda probe: self._through_graph(probe, seen))
        return unsent(
            self._cluster,
            pairs,
            index=self._cluster.address.alias,
            shards=seen.index.shards,
            request=seen.theirs.request([sent for sent, _ in pairs]),
            hidden=seen.record.added.vector,
        )

    def fetch(self, ids: Sequence[str]) -> list[Article | None]:
        """The documents as articles, in the order asked; None where there is none."""
        return self._current().theirs.fetch(ids)

    def vectors(self, ids: Sequence[str]) -> list[Vector | None]:
        """The stored vectors in the order asked; None where there is none."""
        seen = self._current()
        found = seen.theirs.sources(ids, [seen.record.added.vector, seen.record.added.model])
        return [_vector(found[id], seen.record) if id in found else None for id in ids]

    def rows(self) -> Iterator[Row]:
        """Every document, shard by shard; each shard as it was when its first row was read."""
        seen = self._current()
        for document in seen.theirs.every(seen.record.added.vector, seen.record.added.model):
            article = seen.theirs.article(document.id, document.source)
            yield Row(article, _vector(document.source, seen.record))

    def refresh(self) -> None:
        """Read the mapping anew; documents are always seen as the cluster shows them.

        Raises: VectorMismatch, where another model's vectors were attached meanwhile.
        """
        held, seen = self._current().record.space, self._look()
        if not seen.record.space.fits(held):
            asked = f"questions for {describe(held)}, which it held until it was attached anew"
            raise VectorMismatch(index=self._location, stored=describe(seen.record.space), asked=asked)
        self._seen = seen

    def close(self) -> None:
        """Let go of the connections."""
        self._closed = True
        self._cluster.close()

    def _current(self) -> _Seen:
        if self._closed:
            raise IndexClosed(location=self._location)
        return self._seen

    def _look(self) -> _Seen:
        index = foreign(self._cluster)
        record = record_of(index.meta, location=self._cluster.address)
        if record is None:
            raise NotAttached(address=self._cluster.address)
        return _Seen(
            index=index,
            record=record,
            theirs=Theirs(self._cluster, index, record.map, timeout=self._location.access.timeout),
            vectors=Vectors(record.added.vector, record.has_vector),
            selectivity=Selectivity(self._cluster, index.name, self._most_exact, has_vector=record.has_vector),
        )

    def _question(self, probe: Probe, seen: _Seen) -> Question | None:
        match probe:
            case Lexical():
                return seen.theirs.by_words(probe)
            case Nearest():
                return self._nearest(probe, seen)
            case _:
                assert_never(probe)

    def _nearest(self, probe: Nearest, seen: _Seen) -> Question | None:
        vector = self._comparable(probe, seen)
        if probe.k <= 0:
            return None
        where = None if probe.within is None else clause(probe.within, seen.theirs.fields)
        if not seen.selectivity.is_few(probe.within, where):
            return self._through_graph(probe, seen)
        kind, counted = space_type("lucene", seen.record.space), seen.selectivity.limit + 1
        return one_by_one(vector, probe.k, where, kind, counted=counted, among=seen.vectors)

    def _through_graph(self, probe: Nearest, seen: _Seen) -> Question:
        vector, kind = self._comparable(probe, seen), space_type("lucene", seen.record.space)
        where = None if probe.within is None else clause(probe.within, seen.theirs.fields)
        return through_graph(vector, probe.k, where, kind, among=seen.vectors)

    def _comparable(self, probe: Nearest, seen: _Seen) -> Vector:
        """The vector as the cluster compares it."""
        space = seen.record.space
        if probe.vector.shape != (space.dimension,):
            asked = f"a vector of shape {probe.vector.shape}"
            raise VectorMismatch(index=self._location, stored=describe(space), asked=asked)
        if not np.isfinite(probe.vector).all():
            raise UnusableVector(of="the question")
        return as_kept(np.ascontiguousarray(probe.vector, np.float32), "lucene", space)


def _vector(source: Mapping[str, Any], record: Record) -> Vector | None:
    """The numbers, if the model that is attached made them."""
    numbers = source.get(record.added.vector)
    if numbers is None or source.get(record.added.model) != record.space.fingerprint:
        return None
    return np.array(numbers, np.float32)
