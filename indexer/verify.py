"""Count an index again, record by record, and compare: what `biocpt verify` reports."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from indexer.article import Article, text_digest
from indexer.article_json import record_digest
from indexer.engines import damaged_files, open_ledger, open_reader
from indexer.engines.location import AnyLocation
from indexer.engines.protocol import IndexInfo, Reader, Row, VectorSpace
from indexer.errors import DamagedIndex
from indexer.ledger import Ledger
from indexer.order import arrival_of

_PROBLEMS_KEPT = 100
_ROWS_AT_ONCE = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was counted, and what is wrong."""

    articles: int
    vectors: int
    tombstones: int
    textless: int
    """Articles with neither title nor abstract, which have no vector."""
    problems: tuple[str, ...]
    """One sentence each; the first hundred."""
    problem_count: int
    arrival: int = 0
    """The highest number of an unnumbered file among the records; 0 for none."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.problem_count == 0


def verify(location: AnyLocation) -> Verification:
    """Read the whole index at `location` and say what is wrong with it.

    Of the vectors' files, only the vectors themselves are checked: they hold no checksums.

    Raises: IndexerError, where it cannot be opened or read.
    """
    with closing(open_ledger(location)) as ledger, closing(open_reader(location)) as reader:
        files = damaged_files(location)
        found = _recounted(reader, files)
        wrong = [*files, *_unlike_the_ledger(found, ledger)]
    return replace(found, problems=(*wrong, *found.problems), problem_count=found.problem_count + len(wrong))


def _recounted(reader: Reader, files: list[str]) -> Verification:
    """Where files are known to be damaged, that their records cannot be read is one more problem."""
    try:
        return recount(reader)
    except DamagedIndex as error:
        if not files:
            raise
        return Verification(articles=0, vectors=0, tombstones=0, textless=0, problems=(str(error),), problem_count=1)


def _unlike_the_ledger(found: Verification, ledger: Ledger) -> Iterator[str]:
    """An id that was stored stays, if only as a tombstone; a number of a file's arrival is noted before it is used."""
    given = sum(entry.added for entry in ledger.entries())
    if given and not found.articles + found.tombstones:
        yield f"The ledger names files that gave {given} articles, but there is none."
    noted = max(ledger.arrivals().values(), default=0)
    if found.arrival > noted:
        yield f"There are records of unnumbered file {found.arrival}, but the ledger knows {noted}: it lost lines."


def recount(reader: Reader) -> Verification:
    """Each article with text has exactly one usable vector, and there are no other vectors; the counts add up.

    Each record is found by its id, and is as its digests say.
    """
    info = reader.info(versions=False)
    articles = vectors = tombstones = textless = found = arrival = 0
    seen: set[str] = set()
    problems: list[str] = []
    for row, is_found in _looked_up(reader):
        arrival = max(arrival, arrival_of(row.record.order))
        if isinstance(row.record, Article):
            articles += 1
            textless += not row.record.has_text
        else:
            tombstones += 1
        vectors += row.vector is not None
        for problem in (*_faults_of_record(row, seen, is_found), *_faults_of_vector(row, info.space)):
            found += 1
            problems += [problem] if found <= _PROBLEMS_KEPT else []
        seen.add(row.record.id)
    wrong_counts = list(_disagreements(info, (articles, vectors, tombstones)))
    return Verification(
        articles=articles,
        vectors=vectors,
        tombstones=tombstones,
        textless=textless,
        arrival=arrival,
        problems=(*wrong_counts, *problems),
        problem_count=found + len(wrong_counts),
    )


def _looked_up(reader: Reader) -> Iterator[tuple[Row, bool]]:
    """Every row, and whether asking for its id gives its record (of a tombstone: nothing)."""
    rows = reader.rows()
    while chunk := list(islice(rows, _ROWS_AT_ONCE)):
        for row, record in zip(chunk, reader.fetch([row.record.id for row in chunk]), strict=True):
            yield row, record == (row.record if isinstance(row.record, Article) else None)


def _faults_of_record(row: Row, seen: set[str], is_found: bool) -> Iterator[str]:
    id, stored = row.record.id, row.stored
    if id in seen:
        yield f"{id!r} is stored twice."
    if not is_found:
        yield f"{id!r} is stored, but asking for it gives something else."
    if stored is None:
        return
    text = text_digest(row.record) if isinstance(row.record, Article) else ""
    if (stored.order, stored.text_digest, stored.record_digest) != (row.record.order, text, record_digest(row.record)):
        yield f"{id!r} is not what its digests say: it was changed or damaged."
    if row.vector is not None and not stored.has_vector:
        yield f"{id!r} has a vector, but is noted as having none."


def _faults_of_vector(row: Row, space: VectorSpace | None) -> Iterator[str]:
    id = row.record.id
    if not isinstance(row.record, Article):
        if row.vector is not None:
            yield f"{id!r} was deleted, but has a vector."
        return
    if row.vector is None:
        if space is not None and row.record.has_text:
            yield f"{id!r} has text, but no vector."
        return
    if not row.record.has_text:
        yield f"{id!r} has a vector, but no text."
    if space is not None and row.vector.shape != (space.dimension,):
        yield f"{id!r} has a vector of {row.vector.size} numbers instead of {space.dimension}."
    if not np.isfinite(row.vector).all():
        yield f"{id!r} has a vector with NaN or infinity."


def _disagreements(info: IndexInfo, counted: tuple[int, int, int]) -> Iterator[str]:
    told = (info.articles, info.vectors, info.tombstones)
    for name, expected, found in zip(("articles", "vectors", "tombstones"), told, counted, strict=True):
        if expected != found:
            yield f"The index says that it holds {expected} {name}, but {found} belong to its records."
