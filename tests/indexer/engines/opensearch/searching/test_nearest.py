"""Nearest vectors in a real cluster against numpy: one by one, and through the graph."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from indexer.article import Deletion
from indexer.engines import open_writer
from indexer.engines.location import Location
from indexer.engines.opensearch.reader import OpenSearchReader
from indexer.engines.opensearch.searching import exact
from indexer.engines.protocol import VectorSpace
from indexer.engines.writing import WriteOptions
from indexer.queries import And, Hit, Nearest, Query, Range, Term
from tests.indexer.engines.contract import SPACE, article, vector
from tests.opensearch.server import Server
from tests.opensearch.servers import Servers

Vectors = NDArray[np.float32]

COUNT, YEARS = 600, 30
FILTERS: list[tuple[Query | None, Callable[[int], bool]]] = [
    (None, lambda _: True),
    (And(()), lambda _: True),
    (Term("id", ("nobody",)), lambda _: False),
    (Term("id", ("0005",)), lambda n: n == 5),
    (Range("year", 2003, 2003), lambda n: n % YEARS == 3),
    (Range("year", 2001, 2020), lambda n: 1 <= n % YEARS <= 20),
]


def drawn(count: int, width: int, seed: int) -> Vectors:
    """Vectors of very different lengths in clusters, so that products of both signs and near ties occur."""
    rng = np.random.default_rng(seed)
    middles = rng.standard_normal((count // 20, width))
    made = middles[rng.integers(0, len(middles), count)] + 0.4 * rng.standard_normal((count, width))
    return (made * rng.uniform(0.1, 8, (count, 1))).astype(np.float32)


def fill(location: str, space: VectorSpace, rows: Vectors, *, shards: int = 1, commits: int = 3) -> None:
    """Articles `0000`, `0001` … of years 2000 to 2029 with these vectors; each seventh is deleted again."""
    with closing(open_writer(location, space=space, options=WriteOptions(shards=shards))) as writer:
        for part in range(commits):
            some = range(part, len(rows), commits)
            writer.write([article(f"{n:04}", year=2000 + n % YEARS) for n in some], {f"{n:04}": rows[n] for n in some})
            writer.commit()
        writer.delete([Deletion(id=f"{n:04}", order=9) for n in range(3, len(rows), 7)])
        writer.commit()
        writer.publish()


@pytest.fixture(scope="module", params=["ip", "cosine"])
def filled(request: pytest.FixtureRequest, node: Server, servers: Servers) -> Iterator[tuple[Vectors, str, str]]:
    """The vectors, their similarity, and where they are, in two shards."""
    name = f"test-nearest-{request.param}-{np.random.default_rng().integers(1 << 48):x}"
    rows = drawn(COUNT, 8, seed=3)
    fill(f"{node.url}/{name}", replace(SPACE, similarity=request.param), rows, shards=2)
    yield rows, request.param, f"{node.url}/{name}"
    servers.delete(name)


def expected(rows: Vectors, question: Vectors, similarity: str, kept: Callable[[int], bool]) -> list[Hit]:
    """By numpy, in double precision."""
    wide, asked = rows.astype(np.float64), question.astype(np.float64)
    scores = wide @ asked
    if similarity == "cosine":
        scores = scores / np.linalg.norm(wide, axis=1) / np.linalg.norm(asked)
    hits = [Hit(f"{n:04}", float(score)) for n, score in enumerate(scores) if kept(n)]
    return sorted(hits, key=lambda hit: -hit.score)


def rounding(rows: Vectors, question: Vectors, similarity: str) -> float:
    """By how much a server, which computes in single precision, may be off: relative to the lengths multiplied."""
    lengths = np.linalg.norm(question) * np.linalg.norm(rows, axis=1).max()
    return 1e-6 * (1.0 if similarity == "cosine" else 1 + float(lengths))


def alive(kept: Callable[[int], bool]) -> Callable[[int], bool]:
    return lambda n: kept(n) and n % 7 != 3


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([0.01, 1.0, 30.0]), k=st.sampled_from([1, 7, 100, 2_000]))
def test_exact_lists_are_what_numpy_computes(filled: tuple[Vectors, str, str], seed: int, scale: float, k: int) -> None:
    rows, similarity, location = filled
    question = (np.random.default_rng(seed).standard_normal(8) * scale).astype(np.float32)
    with closing(OpenSearchReader(Location(location))) as reader:
        lists = reader.search([Nearest(question, k, within) for within, _ in FILTERS])
    for (_, kept), hits in zip(FILTERS, lists, strict=True):
        truth = expected(rows, question, similarity, alive(kept))
        assert len(hits) == min(k, len(truth))
        slack = rounding(rows, question, similarity)
        np.testing.assert_allclose([hit.score for hit in hits], [hit.score for hit in truth[:k]], rtol=0, atol=slack)
        by_id = {hit.id: hit.score for hit in truth}
        for hit in hits:
            assert hit.score == pytest.approx(by_id[hit.id], rel=0, abs=slack)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**6))
def test_the_graph_finds_what_the_filter_leaves(filled: tuple[Vectors, str, str], seed: int) -> None:
    rows, similarity, location = filled
    question = np.random.default_rng(seed).standard_normal(8).astype(np.float32)
    with closing(OpenSearchReader(Location(location), most_exact=0)) as reader:
        lists = reader.search([Nearest(question, 50, within) for within, _ in FILTERS])
    for (_, kept), hits in zip(FILTERS, lists, strict=True):
        truth = expected(rows, question, similarity, alive(kept))[:50]
        assert len(hits) == len(truth)
        missed = {hit.id for hit in truth} - {hit.id for hit in hits}
        assert len(missed) <= 0.04 * len(truth)


def test_a_question_of_zeros_has_cosine_0_with_all(filled: tuple[Vectors, str, str]) -> None:
    """Servers refuse it; the embedded engine answers so too."""
    _, _, location = filled
    with closing(OpenSearchReader(Location(location))) as reader:
        (hits,) = reader.search([Nearest(np.zeros(8, np.float32), 5)])
    assert hits == [Hit(id, 0.0) for id in ("0000", "0001", "0002", "0004", "0005")]


def test_stored_vectors_are_what_was_given(filled: tuple[Vectors, str, str]) -> None:
    rows, _, location = filled
    with closing(OpenSearchReader(Location(location))) as reader:
        found = reader.vectors(["0000", "0003", "0599", "nobody"])
    np.testing.assert_array_equal(found[0], rows[0])
    np.testing.assert_array_equal(found[2], rows[599])
    assert found[1] is found[3] is None


def test_filters_beyond_those_remembered_are_counted_again(
    monkeypatch: pytest.MonkeyPatch, filled: tuple[Vectors, str, str]
) -> None:
    monkeypatch.setattr(exact, "_FILTERS_KEPT", 2)
    _, _, location = filled
    with closing(OpenSearchReader(Location(location))) as reader:
        for year in (2001, 2002, 2003, 2001, 2002, 2003):
            (hits,) = reader.search([Nearest(vector(1), 100, Range("year", year, year))])
            assert {int(hit.id) % YEARS for hit in hits} == {year - 2000}


def test_a_filter_that_has_outgrown_its_count_goes_through_the_graph(node: Server, fresh_index: str) -> None:
    """Else a reader opened on a young index would compare millions one by one for ever."""
    location = f"{node.url}/{fresh_index}"
    with closing(open_writer(location, space=SPACE)) as writer:
        writer.write([article("1")], {"1": vector(1)})
        writer.commit()
        writer.publish()
        reader = OpenSearchReader(Location(location), most_exact=20)
        assert len(reader.search([Nearest(vector(1), 50)])[0]) == 1
        selectivity = reader._current().selectivity
        assert selectivity.is_few(None, None)
        writer.write([article(str(n)) for n in range(2, 60)], {str(n): vector(n) for n in range(2, 60)})
        writer.commit()
    assert len(reader.search([Nearest(vector(1), 100)])[0]) == 59
    assert not selectivity.is_few(None, None)
    assert len(reader.search([Nearest(vector(1), 100)])[0]) == 59
    reader.close()


@pytest.mark.slow
def test_the_graph_finds_98_of_the_100_nearest(node: Server, fresh_index: str) -> None:
    """On 6,000 clustered vectors of 64 numbers; on 44,000 abstracts with 384, .995 and .997 were measured."""
    location = f"{node.url}/{fresh_index}"
    rows = drawn(6_000, 64, seed=5)
    fill(location, replace(SPACE, dimension=64), rows, commits=2)
    questions = drawn(60, 64, seed=6)
    with closing(OpenSearchReader(Location(location), most_exact=0)) as reader:
        overlaps = []
        for question in questions:
            truth = {hit.id for hit in expected(rows, question, "ip", alive(lambda _: True))[:100]}
            (hits,) = reader.search([Nearest(question, 100)])
            overlaps.append(len(truth & {hit.id for hit in hits}) / 100)
    assert np.mean(overlaps) >= 0.98
