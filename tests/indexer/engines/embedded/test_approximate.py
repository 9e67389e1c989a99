"""The search through Lance's index, over a table so small that numpy can say what is right."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.article import Article, Deletion
from indexer.engines.embedded.approximate import ApproximateVectors, parts
from indexer.engines.embedded.nearest import Slots
from indexer.engines.embedded.reader import EmbeddedReader
from indexer.engines.embedded.text import Note
from indexer.engines.embedded.vectors import VectorStore, open_table
from indexer.engines.embedded.view import VectorView
from indexer.engines.embedded.writer import EmbeddedWriter
from indexer.engines.protocol import VectorSpace
from indexer.queries import Nearest, Query, Range, Term
from tests.indexer.engines.contract import SPACE

Matrix = NDArray[np.float32]

COUNT, DIMENSION = 10_000, 16
WIDE = replace(SPACE, dimension=DIMENSION)


def unlike_lengths(count: int, seed: int) -> Matrix:
    """Vectors around a common mean whose lengths differ, as MedCPT's do: cosine would order them otherwise."""
    rng = np.random.default_rng(seed)
    rows = 2 + rng.standard_normal((count, DIMENSION)) * np.exp(rng.normal(0, 0.3, (count, 1)))
    return rows.astype(np.float32)


ROWS = unlike_lengths(COUNT, 1)
QUESTIONS = unlike_lengths(30, 2)


def write(folder: Path, space: VectorSpace, rows: Matrix, first: int = 0) -> None:
    """Article n has year n and vector n; `exact_bytes` of 0 has the index built at once."""
    writer = EmbeddedWriter(folder, space, exact_bytes=0)
    articles = [Article(id=str(first + n), order=1, title="x", year=first + n) for n in range(len(rows))]
    writer.write(articles, {article.id: row for article, row in zip(articles, rows, strict=True)})
    writer.commit()
    writer.close()


@pytest.fixture(scope="module", params=["ip", "cosine"])
def indexed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedReader]:
    folder = tmp_path_factory.mktemp("approximate") / request.param
    write(folder, replace(WIDE, similarity=request.param), ROWS)
    reader = EmbeddedReader(folder, exact_bytes=0)
    yield reader
    reader.close()


def right(reader: EmbeddedReader, question: Matrix, allowed: NDArray[np.bool_], k: int = 100) -> list[str]:
    """What comparing all vectors gives."""
    scores = ROWS.astype(np.float64) @ question
    space = reader.info().space
    if space is not None and space.similarity == "cosine":
        scores /= np.linalg.norm(ROWS, axis=1)
    order = np.argsort(-np.where(allowed, scores, -np.inf))[: min(k, int(allowed.sum()))]
    return [str(place) for place in order]


def recall(reader: EmbeddedReader, allowed: NDArray[np.bool_], within: Query | None = None) -> float:
    parts = []
    for question in QUESTIONS:
        (hits,) = reader.search([Nearest(question, 100, within)])
        wanted = right(reader, question, allowed)
        assert len(hits) == len(wanted)
        assert all(allowed[int(hit.id)] for hit in hits)
        parts.append(len({hit.id for hit in hits} & set(wanted)) / max(1, len(wanted)))
    return float(np.mean(parts))


def years(low: int, high: int) -> NDArray[np.bool_]:
    return (np.arange(COUNT) >= low) & (np.arange(COUNT) <= high)


@pytest.mark.slow
def test_few_of_the_best_are_missed(indexed: EmbeddedReader) -> None:
    assert recall(indexed, years(0, COUNT)) >= 0.97


@pytest.mark.slow
def test_scores_are_exact_for_whatever_is_found(indexed: EmbeddedReader) -> None:
    (hits,) = indexed.search([Nearest(QUESTIONS[0], 10)])
    rows = ROWS[[int(hit.id) for hit in hits]].astype(np.float64)
    expected = rows @ QUESTIONS[0]
    space = indexed.info().space
    if space is not None and space.similarity == "cosine":
        expected /= np.linalg.norm(rows, axis=1) * np.linalg.norm(QUESTIONS[0].astype(np.float64))
    np.testing.assert_allclose([hit.score for hit in hits], expected, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("high", [0, 40, 700, 3_000])
def test_a_selective_filter_is_answered_exactly(indexed: EmbeddedReader, high: int) -> None:
    for question in QUESTIONS[:10]:
        (hits,) = indexed.search([Nearest(question, 100, Range("year", 0, high))])
        assert [hit.id for hit in hits] == right(indexed, question, years(0, high))


@pytest.mark.slow
@pytest.mark.parametrize("low", [0, 1_000, 5_000])
def test_a_wide_filter_never_shortens_the_list(indexed: EmbeddedReader, low: int) -> None:
    assert recall(indexed, years(low, COUNT), Range("year", low, None)) >= 0.97


@pytest.mark.slow
def test_a_filter_that_nothing_passes_gives_nothing(indexed: EmbeddedReader) -> None:
    assert indexed.search([Nearest(QUESTIONS[0], 10, Term("id", ("none",)))]) == [[]]


@pytest.mark.slow
def test_vectors_come_back_as_stored(indexed: EmbeddedReader) -> None:
    found = indexed.vectors(["9999", "none", "0"])
    assert found[1] is None
    np.testing.assert_array_equal(np.stack([v for v in found if v is not None]), ROWS[[9_999, 0]])
    assert sum(row.vector is not None for row in indexed.rows()) == COUNT


@pytest.mark.slow
def test_changes_after_the_index_was_built_are_found(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    write(folder, WIDE, ROWS[:6_000])
    writer = EmbeddedWriter(folder, None, exact_bytes=0)
    writer.delete([Deletion(id=str(n), order=2) for n in range(0, 6_000, 2)])
    writer.commit()
    writer.close()
    write(folder, WIDE, ROWS[6_000:6_500], first=6_000)  # few: Lance compares them beside the index
    write(folder, WIDE, ROWS[6_500:], first=6_500)  # many: the index is extended
    writer = EmbeddedWriter(folder, None, exact_bytes=0)
    reader = EmbeddedReader(folder, exact_bytes=0)
    allowed = (np.arange(COUNT) >= 6_000) | (np.arange(COUNT) % 2 == 1)
    assert recall(reader, allowed) >= 0.97
    writer.optimize()
    writer.close()
    reader.refresh()
    assert recall(reader, allowed) >= 0.97


@pytest.mark.slow
def test_an_index_that_grew_by_many_loads_stays_of_few_parts_and_finds_as_much(tmp_path: Path) -> None:
    rows, step = unlike_lengths(75_000, 4), 5_000
    store = VectorStore(tmp_path / "vectors", WIDE, Note(), exact_bytes=0)
    seen = []
    for first in range(0, len(rows), step):
        for slot in range(first, first + step):
            store.put(slot, str(slot), rows[slot])
        store.flush()
        store.tidy()
        note = store.note(first + step)
        seen.append(parts(open_table(tmp_path / "vectors", note.version)))
    assert max(seen) > 2, "it was never extended"
    assert max(seen) <= 9
    search = VectorView(tmp_path / "vectors", WIDE, note.version, exact_bytes=0).open()
    found = [{int(hit.id) for hit in search.nearest(question, 100, None)} for question in QUESTIONS]
    wanted = [set(np.argsort(-(rows.astype(np.float64) @ question))[:100].tolist()) for question in QUESTIONS]
    assert np.mean([len(a & b) for a, b in zip(found, wanted, strict=True)]) >= 97
    store.compact()
    assert parts(open_table(tmp_path / "vectors", store.note(len(rows)).version)) == 1


@pytest.mark.slow
def test_a_width_that_codes_cannot_hold_is_compared_exactly(tmp_path: Path) -> None:
    rows = ROWS[:300, :12]
    write(tmp_path / "index", replace(SPACE, dimension=12), rows)
    (hits,) = EmbeddedReader(tmp_path / "index", exact_bytes=0).search([Nearest(rows[0], 5)])
    assert [hit.id for hit in hits] == [str(n) for n in np.argsort(-(rows @ rows[0]))[:5]]


class Listed:
    """A filter over vectors without text."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots

    def count(self) -> int:
        return len(self._slots)

    def slots(self) -> Slots:
        return self._slots

    def among(self, slots: Slots) -> Slots:
        return np.intersect1d(slots, self._slots)


@pytest.mark.slow
@pytest.mark.parametrize("part", [0.09, 0.5])
def test_a_filter_between_few_and_most_is_searched_through_the_index(tmp_path: Path, part: float) -> None:
    rows = unlike_lengths(50_000, 3)
    store = VectorStore(tmp_path / "vectors", WIDE, Note(), exact_bytes=0)
    for slot, row in enumerate(rows):
        store.put(slot, str(slot), row)
    store.flush()
    store.tidy()
    vectors = VectorView(tmp_path / "vectors", WIDE, store.note(len(rows)).version, exact_bytes=0).open()
    assert isinstance(vectors, ApproximateVectors)
    allowed = np.flatnonzero(np.random.default_rng(4).random(len(rows)) < part)
    found = []
    for question in QUESTIONS:
        hits = vectors.nearest(question, 100, Listed(allowed))
        wanted = allowed[np.argsort(-(rows[allowed] @ question))[:100]]
        found.append(len({int(hit.id) for hit in hits} & set(wanted.tolist())))
    assert float(np.mean(found)) >= 97
