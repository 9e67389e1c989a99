"""Answers questions about an index in a cluster."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, assert_never

import numpy as np

from indexer.article import Article
from indexer.engines.location import Location
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.contents.documents import VECTOR, record_of, stored_of, vector_of
from indexer.engines.opensearch.contents.encodings import as_kept, space_type
from indexer.engines.opensearch.contents.mapping import Meta
from indexer.engines.opensearch.errors import RequestRefused
from indexer.engines.opensearch.loading.inventory import inventory
from indexer.engines.opensearch.loading.versions import Version, find_versions
from indexer.engines.opensearch.searching.asking import ANSWER, Answer, Question, answers, lines
from indexer.engines.opensearch.searching.exact import MOST_EXACT, Selectivity
from indexer.engines.opensearch.searching.figures import figures
from indexer.engines.opensearch.searching.lists import Vector, by_words, condition, one_by_one, through_graph
from indexer.engines.opensearch.searching.probing import as_sent_and_through_graph, lists_of
from indexer.engines.opensearch.searching.reading import Source, by_id, everything
from indexer.engines.opensearch.searching.unsent import Unsent, unsent
from indexer.engines.protocol import IndexInfo, Row
from indexer.engines.usable import describe
from indexer.errors import IndexClosed, NoIndex, QuestionTooLarge, UnusableVector, VectorMismatch
from indexer.queries import Hit, Lexical, Nearest, Probe

_T = TypeVar("_T")

_NOT_THERE = frozenset({"index_not_found_exception", "index_closed_exception"})
_UNAVAILABLE = 503
"""The answer of an index that is removed while it is asked: none of its shards is there."""

_TOO_MANY = "maxClauseCount"
"""In the answer to a question of more clauses than `indices.query.bool.max_clause_count`."""

_PATIENCE = 0.75
"""Of the time that a request may take, the part after which shards give what they have."""

_ANSWER = {"filter_path": ANSWER}


@dataclass(frozen=True, slots=True)
class Seen:
    """The version that is asked; `refresh` puts another in its place."""

    version: Version
    meta: Meta
    selectivity: Selectivity


class OpenSearchReader:
    """A `Reader` of the version that the alias serves; of the one being loaded where none is served yet.

    It stays with that version until `refresh`, or until it is gone or closed: then it asks the one that is served by
    then.
    """

    def __init__(self, location: Location, *, most_exact: int = MOST_EXACT) -> None:
        self._location, self._most_exact = location, most_exact
        self._cluster = Cluster(address.parse(location.name), location.access)
        self._closed = False
        try:
            self._seen = self._newest()
        except BaseException:
            self._cluster.close()
            raise

    @property
    def meta(self) -> Mapping[str, Any]:
        """All that the mapping's `_meta` notes, by us and others."""
        return self._current().version.notes

    def info(self, *, versions: bool = True) -> IndexInfo:
        """What the index holds, and which versions of it there are."""
        held = self._asked(lambda seen: figures(self._cluster, seen.version))
        return replace(held, versions=inventory(self._cluster)) if versions else held

    def search(self, probes: Sequence[Probe]) -> list[list[Hit]]:
        """One list a probe, all in one request.

        Raises: QuestionTooLarge, for one that the server counts more clauses of than it takes.
        """
        try:
            return self._asked(lambda seen: self._search(probes, seen))
        except RequestRefused as error:
            if _TOO_MANY not in error.reason:
                raise
            raise QuestionTooLarge(why=f"the cluster takes no more clauses ({error.reason})") from error

    def would_send(self, probes: Sequence[Probe]) -> Unsent:
        """What `search` would send for these probes, each of a `k` of at least 1; the cluster is asked what it is."""
        return self._asked(lambda seen: self._unsent(probes, seen))

    def fetch(self, ids: Sequence[str]) -> list[Article | None]:
        """The articles in the order asked; None where there is none, or it was deleted."""
        found = self._by_id(ids, _source_excludes=VECTOR)
        records = {id: record_of(source) for id, source in found.items()}
        asked = (records.get(id) for id in ids)
        return [record if isinstance(record, Article) else None for record in asked]

    def vectors(self, ids: Sequence[str]) -> list[Vector | None]:
        """The stored vectors in the order asked; None where there is none."""
        found = self._by_id(ids, _source_includes=VECTOR)
        return [vector_of(found[id]) if id in found else None for id in ids]

    def rows(self) -> Iterator[Row]:
        """Every stored id, tombstones too, shard by shard; each shard as it was when its first row was read."""
        version = self._current().version
        for source in everything(self._cluster, version.name, range(version.shards)):
            yield Row(record_of(source), vector_of(source), stored_of(source))

    def refresh(self) -> None:
        """See the newest commit from now on, of the version that is served by now.

        Raises: VectorMismatch, where that one holds vectors of another model.
        """
        held, seen = self._current().meta.space, self._newest()
        if held is not None and (seen.meta.space is None or not seen.meta.space.fits(held)):
            asked = f"questions for {describe(held)}, which it held until it was rebuilt"
            raise VectorMismatch(index=self._location, stored=describe(seen.meta.space), asked=asked)
        self._seen = seen

    def close(self) -> None:
        """Let go of the connections."""
        self._closed = True
        self._cluster.close()

    def _current(self) -> Seen:
        if self._closed:
            raise IndexClosed(location=self._location)
        return self._seen

    def _newest(self) -> Seen:
        """What is being loaded shows its commits when asked to; what is served does so by itself."""
        versions = find_versions(self._cluster)
        version = versions.read
        if version is None:
            raise NoIndex(location=self._location)
        if not version.is_served:
            self._cluster.request("POST", f"/{version.name}/_refresh", doing=f"refresh {version.name!r}")
        return Seen(version, version.meta, Selectivity(self._cluster, version.name, self._most_exact))

    def _asked(self, ask: Callable[[Seen], _T]) -> _T:
        """The answer of the version that we know, or where that is gone or closed, of the one that took its place."""
        seen = self._current()
        try:
            return ask(seen)
        except RequestRefused as error:
            if error.kind not in _NOT_THERE and error.status != _UNAVAILABLE:
                raise
            self.refresh()
            if self._current().version.name == seen.version.name:
                raise
            return ask(self._current())

    def _by_id(self, ids: Sequence[str], **params: str) -> dict[str, Source]:
        return self._asked(lambda seen: by_id(self._cluster, seen.version.name, ids, **params))

    def _search(self, probes: Sequence[Probe], seen: Seen) -> list[list[Hit]]:
        questions = [self._question(probe, seen) for probe in probes]
        return lists_of(probes, questions, lambda asked: self._answers(asked, seen), seen.selectivity)

    def _answers(self, questions: Sequence[Question], seen: Seen) -> list[Answer]:
        """All in one request."""
        if not questions:
            return []
        body, name = self._lines(questions), seen.version.name
        said = self._cluster.request("POST", f"/{name}/_msearch", body, params=_ANSWER, doing=f"search {name!r}")
        return answers(questions, said, self._cluster.address)

    def _lines(self, questions: Sequence[Question]) -> bytes:
        return lines(questions, seconds=self._location.access.timeout * _PATIENCE)

    def _unsent(self, probes: Sequence[Probe], seen: Seen) -> Unsent:
        questions = [self._question(probe, seen) for probe in probes]
        pairs = as_sent_and_through_graph(probes, questions, lambda probe: self._through_graph(probe, seen))
        version = seen.version
        return unsent(
            self._cluster,
            pairs,
            index=self._cluster.address.alias if version.is_served else version.name,
            shards=version.shards,
            request=(self._lines([sent for sent, _ in pairs]), _ANSWER),
            hidden=VECTOR,
        )

    def _question(self, probe: Probe, seen: Seen) -> Question | None:
        match probe:
            case Lexical():
                return by_words(probe) if probe.k > 0 else None
            case Nearest():
                return self._nearest(probe, seen)
            case _:
                assert_never(probe)

    def _nearest(self, probe: Nearest, seen: Seen) -> Question | None:
        vector, kind = self._comparable(probe.vector, seen.meta)
        if probe.k <= 0:
            return None
        where, gap = condition(probe.within)
        if seen.selectivity.is_few(probe.within, where):
            question = one_by_one(vector, probe.k, where, kind, counted=seen.selectivity.limit + 1)
        else:
            question = through_graph(vector, probe.k, where, kind)
        return replace(question, gap=gap)

    def _through_graph(self, probe: Nearest, seen: Seen) -> Question:
        vector, kind = self._comparable(probe.vector, seen.meta)
        return through_graph(vector, probe.k, condition(probe.within).clause, kind)

    def _comparable(self, vector: Vector, meta: Meta) -> tuple[Vector, str]:
        """The vector as the cluster compares it, and what it computes."""
        space = meta.space
        if space is None or vector.shape != (space.dimension,):
            asked = f"a vector of shape {vector.shape}"
            raise VectorMismatch(index=self._location, stored=describe(space), asked=asked)
        if not np.isfinite(vector).all():
            raise UnusableVector(of="the question")
        sent = as_kept(np.ascontiguousarray(vector, np.float32), meta.vectors, space)
        return sent, space_type(meta.vectors, space)
