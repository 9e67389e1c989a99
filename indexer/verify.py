"""Count an index again, record by record, and compare: what `biocpt verify` reports."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from indexer.article import Article
from indexer.engines import open_reader
from indexer.engines.protocol import IndexInfo, Reader, Row, VectorSpace

_PROBLEMS_KEPT = 100


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

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.problem_count == 0


def verify(location: str) -> Verification:
    """Read the whole index at `location` and say what is wrong with it.

    Raises: IndexerError, where it cannot be opened or read.
    """
    reader = open_reader(location)
    try:
        return recount(reader)
    finally:
        reader.close()


def recount(reader: Reader) -> Verification:
    """Each article with text has exactly one usable vector, and there are no other vectors; the counts add up."""
    info = reader.info()
    articles = vectors = tombstones = textless = found = 0
    seen: set[str] = set()
    problems: list[str] = []
    for row in reader.rows():
        if isinstance(row.record, Article):
            articles += 1
            textless += not row.record.has_text
        else:
            tombstones += 1
        vectors += row.vector is not None
        for problem in _problems(row, info.space, seen):
            found += 1
            problems += [problem] if found <= _PROBLEMS_KEPT else []
        seen.add(row.record.id)
    wrong_counts = list(_disagreements(info, (articles, vectors, tombstones)))
    return Verification(
        articles=articles,
        vectors=vectors,
        tombstones=tombstones,
        textless=textless,
        problems=(*wrong_counts, *problems),
        problem_count=found + len(wrong_counts),
    )


def _problems(row: Row, space: VectorSpace | None, seen: set[str]) -> Iterator[str]:
    id = row.record.id
    if id in seen:
        yield f"{id!r} is stored twice."
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
