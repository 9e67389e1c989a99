"""Answers questions about somebody's index with vectors that lie beside it, in a side-car: an index of ours."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import assert_never

from indexer.article import Article
from indexer.engines.location import Location
from indexer.engines.opensearch.attached.beside_note import BesideNote
from indexer.engines.opensearch.attached.foreign import foreign
from indexer.engines.opensearch.attached.standin import over_stand_ins
from indexer.engines.opensearch.attached.theirs import Theirs
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.searching.lists import Vector
from indexer.engines.protocol import IndexInfo, Reader, Row
from indexer.queries import Hit, Lexical, Nearest, Probe

_ROWS_AT_ONCE = 500


class BesideReader:
    """A `Reader` of two indexes: words and documents of theirs, vectors of the side-car."""

    def __init__(self, location: Location, note: BesideNote, vectors: Reader) -> None:
        """Takes the reader of the side-car over, and closes it.

        Args:
            location: of the side-car; its access is that of the other too.
            note: whose vectors they are.
            vectors: the side-car's own.
        """
        self._location, self.note, self._near = location, note, vectors
        self._cluster = Cluster(address.parse(note.text), location.access)
        try:
            self._theirs = self._look()
        except BaseException:
            self.close()
            raise

    def info(self, *, versions: bool = True) -> IndexInfo:
        """Documents of theirs; vectors, size and place of the side-car."""
        held = self._near.info(versions=versions)
        return replace(held, articles=self._theirs.count(), tombstones=0, is_attached=True)

    def search(self, probes: Sequence[Probe]) -> list[list[Hit]]:
        """One list a probe: those of words in one request to their index, those of vectors from the side-car.

        Raises: UnmappedField, for a filter that the field map has no field for.
        """
        words = [self._theirs.by_words(probe) for probe in probes if isinstance(probe, Lexical)]
        asked = iter(self._theirs.ask([question for question in words if question is not None]))
        lexical = iter([[] if question is None else next(asked).hits for question in words])
        near = iter(self._near.search([self._beside(probe) for probe in probes if isinstance(probe, Nearest)]))
        lists: list[list[Hit]] = []
        for probe in probes:
            match probe:
                case Lexical():
                    lists.append(next(lexical))
                case Nearest():
                    lists.append(next(near))
                case _:
                    assert_never(probe)
        return lists

    def fetch(self, ids: Sequence[str]) -> list[Article | None]:
        """Their documents as articles, in the order asked; None where there is none."""
        return self._theirs.fetch(ids)

    def vectors(self, ids: Sequence[str]) -> list[Vector | None]:
        """The side-car's, in the order asked; None where there is none."""
        return self._near.vectors(ids)

    def rows(self) -> Iterator[Row]:
        """Every document of theirs, with its vector."""
        waiting: list[Article] = []
        for document in self._theirs.every():
            waiting.append(self._theirs.article(document.id, document.source))
            if len(waiting) == _ROWS_AT_ONCE:
                yield from self._rows(waiting)
                waiting = []
        yield from self._rows(waiting)

    def own_rows(self) -> Iterator[Row]:
        """What the side-car itself holds: stand-ins and tombstones."""
        return self._near.rows()

    def own(self, ids: Sequence[str]) -> Iterator[Row]:
        """The side-car's own records of these ids, with their vectors; none for ids that it lacks."""
        for record, vector in zip(self._near.fetch(ids), self._near.vectors(ids), strict=True):
            if record is not None:
                yield Row(record, vector)

    def refresh(self) -> None:
        """See the side-car's newest commit, and their mapping as it is now."""
        self._near.refresh()
        self._theirs = self._look()

    def close(self) -> None:
        """Let go of both."""
        self._cluster.close()
        self._near.close()

    def _look(self) -> Theirs:
        return Theirs(self._cluster, foreign(self._cluster), self.note.map, timeout=self._location.access.timeout)

    def _beside(self, probe: Nearest) -> Nearest:
        within = None if probe.within is None else over_stand_ins(probe.within, self._theirs.fields)
        return Nearest(probe.vector, probe.k, within)

    def _rows(self, articles: Sequence[Article]) -> Iterator[Row]:
        vectors = self._near.vectors([article.id for article in articles])
        for article, vector in zip(articles, vectors, strict=True):
            yield Row(article, vector)
