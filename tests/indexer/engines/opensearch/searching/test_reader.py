"""Reading a real cluster's index, beyond what every engine promises: whole reads, versions that come and go."""

import base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace

import numpy as np
import pytest

from indexer.article import Article
from indexer.engines import open_writer
from indexer.engines.location import Location
from indexer.engines.opensearch.contents.encodings import vector_field
from indexer.engines.opensearch.contents.mapping import index_body
from indexer.engines.opensearch.errors import NotOurs
from indexer.engines.opensearch.reader import OpenSearchReader
from indexer.engines.opensearch.searching import reading
from indexer.engines.protocol import VectorSpace
from indexer.engines.writing import DEFAULT, WriteOptions
from indexer.errors import (
    IndexClosed,
    IndexerError,
    NoIndex,
    NotAnIndex,
    QuestionTooLarge,
    UnreadableFormat,
    VectorMismatch,
)
from indexer.queries import And, Lexical, Match, Nearest, Not, Or, PartialHits, Phrase, Query, Term
from tests.indexer.engines.contract import SPACE, article, ids, nearest, vector
from tests.indexer.engines.opensearch.contents.test_mapping import META, numbers
from tests.opensearch.server import Server

Load = Callable[..., None]


@pytest.fixture
def location(node: Server, fresh_index: str) -> str:
    return f"{node.url}/{fresh_index}"


@pytest.fixture
def opened(location: str) -> Iterator[Callable[[], OpenSearchReader]]:
    with ExitStack() as readers:
        yield lambda: readers.enter_context(closing(OpenSearchReader(Location(location))))


@pytest.fixture
def load(location: str) -> Load:
    """`load(articles, options, parts=1)`: store these, each with the vector of its place, in so many commits."""

    def store(
        articles: list[Article],
        options: WriteOptions = DEFAULT,
        *,
        parts: int = 1,
        space: VectorSpace = SPACE,
    ) -> None:
        with closing(open_writer(location, space=space, options=options)) as writer:
            for part in range(parts):
                some = articles[part::parts]
                writer.write(some, {a.id: np.resize(vector(int(a.id)), space.dimension) for a in some})
                writer.commit()
            writer.publish()

    return store


def test_every_row_comes_once_from_all_shards_and_segments(
    monkeypatch: pytest.MonkeyPatch, load: Load, opened: Callable[[], OpenSearchReader]
) -> None:
    monkeypatch.setattr(reading, "AT_ONCE", 7)
    articles = [article(str(n), abstract=f"Abstract {n}") for n in range(100)]
    load(articles, WriteOptions(shards=3), parts=4)
    rows = list(opened().rows())
    assert len(rows) == 100
    assert {row.record.id: row.record for row in rows} == {a.id: a for a in articles}
    for row in rows:
        np.testing.assert_array_equal(row.vector, vector(int(row.record.id)))
        assert row.stored is not None
        assert row.stored.has_vector


def views(node: Server, index: str) -> int:
    """How many views the server keeps open of an index; their ids name it."""
    said = node.ask("GET", "/_search/point_in_time/_all")
    return sum(index.encode() in base64.urlsafe_b64decode(view["pit_id"]) for view in said["pits"])


def test_a_whole_read_keeps_one_view_open_and_lets_go_of_it(
    node: Server, fresh_index: str, load: Load, opened: Callable[[], OpenSearchReader]
) -> None:
    load([article(str(n)) for n in range(20)], WriteOptions(shards=2))
    reader = opened()
    rows = reader.rows()
    assert views(node, fresh_index) == 0
    next(rows)
    assert views(node, fresh_index) == 1
    assert len(list(rows)) == 19
    assert views(node, fresh_index) == 0
    dropped = reader.rows()
    next(dropped)
    del dropped
    assert views(node, fresh_index) == 0


def test_a_whole_read_does_not_see_what_is_written_meanwhile(
    monkeypatch: pytest.MonkeyPatch, load: Load, opened: Callable[[], OpenSearchReader]
) -> None:
    monkeypatch.setattr(reading, "AT_ONCE", 3)
    load([article(str(n)) for n in range(10)])
    rows = opened().rows()
    first = next(rows)
    load([article(str(n), "New", order=2) for n in range(15)])
    rest = list(rows)
    assert {row.record.id for row in (first, *rest)} == {str(n) for n in range(10)}
    assert {row.record.order for row in (first, *rest)} == {1}


def test_any_number_of_ids_can_be_fetched(load: Load, opened: Callable[[], OpenSearchReader]) -> None:
    load([article(str(n)) for n in range(1_200)])
    reader = opened()
    wanted = [str(n) for n in range(2_000)] + ["", "\ud800", "x" * 2_000]
    found = reader.fetch(wanted)
    assert [a.id if a else None for a in found] == [str(n) if n < 1_200 else None for n in range(2_003)]
    assert sum(vector is not None for vector in reader.vectors(wanted)) == 1_200


def test_a_reader_follows_the_alias_when_its_version_is_gone(
    node: Server, fresh_index: str, load: Load, opened: Callable[[], OpenSearchReader]
) -> None:
    load([article("1", "old")])
    reader, other = opened(), opened()
    load([article("1", "new"), article("2", "new")], WriteOptions(rebuild=True, shards=2))
    assert ids(reader, Match("old")) == ["1"]
    other.refresh()
    assert ids(other, Match("new")) == ["1", "2"]
    node.ask("DELETE", f"/{fresh_index}-v1")
    found = reader.fetch(["2"])[0]
    assert found is not None
    assert ids(reader, Match("new")) == ["1", "2"]
    assert len(list(reader.rows())) == reader.info().articles == 2


@pytest.mark.parametrize("dimension", [8, 4])
def test_a_version_of_another_model_is_not_asked(
    node: Server, fresh_index: str, load: Load, opened: Callable[[], OpenSearchReader], dimension: int
) -> None:
    """Vectors of the same width would give nonsense without any error."""
    load([article("1", "heart")])
    reader = opened()
    other = replace(SPACE, model="other", fingerprint="e" * 16, dimension=dimension)
    load([article("1", "heart")], WriteOptions(rebuild=True), space=other)
    assert nearest(reader, vector(1)) == ["1"]
    node.ask("DELETE", f"/{fresh_index}-v1")
    with pytest.raises(VectorMismatch, match=r"vectors of other .*rebuilt"):
        nearest(reader, vector(1))
    with pytest.raises(VectorMismatch):
        reader.refresh()
    assert ids(opened(), Match("heart")) == ["1"]


def test_a_first_load_can_be_read_before_it_is_served(location: str, opened: Callable[[], OpenSearchReader]) -> None:
    with closing(open_writer(location, space=SPACE)) as writer:
        writer.write([article("1", "heart")], {"1": vector(1)})
        writer.commit()
        reader = opened()
        assert (reader.info().state, ids(reader, Match("heart"))) == ("being loaded", ["1"])
        writer.publish()
    reader.refresh()
    assert (reader.info().state, ids(reader, Match("heart"))) == ("served", ["1"])


def test_no_index_is_one_clear_line(location: str) -> None:
    with pytest.raises(NoIndex, match="biocpt index"):
        OpenSearchReader(Location(location))


def test_an_index_of_others_is_left_alone(node: Server, fresh_index: str, location: str) -> None:
    node.ask("PUT", f"/{fresh_index}", {"mappings": {"properties": {"title": {"type": "text"}}}})
    with pytest.raises(NotOurs):
        OpenSearchReader(Location(location))


def test_an_index_of_another_format_is_refused(node: Server, fresh_index: str, location: str) -> None:
    newer = replace(META, format=META.format + 1)
    body = index_body(newer, shards=1, field=vector_field("lucene", SPACE, numbers(node)), server=numbers(node))
    node.ask("PUT", f"/{fresh_index}-v1", {**body, "aliases": {fresh_index: {}}})
    with pytest.raises(UnreadableFormat):
        OpenSearchReader(Location(location))


def test_a_closed_reader_says_so(load: Load, opened: Callable[[], OpenSearchReader]) -> None:
    load([article("1")])
    reader = opened()
    reader.close()
    reader.close()
    for ask in (
        reader.info,
        reader.refresh,
        lambda: reader.search([]),
        lambda: reader.fetch([]),
        lambda: list(reader.rows()),
    ):
        with pytest.raises(IndexClosed):
            ask()


def test_probes_that_ask_for_nothing_are_not_sent(load: Load, opened: Callable[[], OpenSearchReader]) -> None:
    load([article("1", "heart")])
    reader = opened()
    assert reader.search([]) == []
    lists = reader.search([Lexical(Match("heart"), 0), Lexical(Match("heart"), 3), Nearest(vector(1), 0)])
    assert [[hit.id for hit in hits] for hits in lists] == [[], ["1"], []]


def test_a_question_with_more_words_than_a_server_takes_is_answered(
    load: Load, opened: Callable[[], OpenSearchReader]
) -> None:
    load([article("1", "heart"), article("2", "lung")])
    many = Match("heart " + " ".join(f"word{n}" for n in range(5_000)))
    lists = opened().search([Lexical(many, 5, within=many), Nearest(vector(1), 5, many)])
    assert [[hit.id for hit in hits] for hits in lists] == [["1"], ["1"]]


def test_a_filter_with_a_hundred_thousand_ids_is_answered(load: Load, opened: Callable[[], OpenSearchReader]) -> None:
    load([article(str(n)) for n in range(50)])
    some = Term("id", tuple(str(n) for n in range(20, 100_000)))
    assert len(nearest(opened(), vector(1), within=some)) == 30


def test_size_is_that_of_the_data_alone(
    node: Server, fresh_index: str, load: Load, opened: Callable[[], OpenSearchReader]
) -> None:
    load([article(str(n)) for n in range(30)])
    node.ask("POST", f"/{fresh_index}-v1/_flush")
    sizes = node.ask("GET", f"/{fresh_index}-v1/_stats/store")["_all"]["primaries"]["store"]["size_in_bytes"]
    assert opened().info().bytes == pytest.approx(sizes, rel=0.2)


@pytest.mark.parametrize("broken", [np.full(8, np.nan), np.full(8, np.inf)])
def test_a_question_that_is_no_number_is_refused(
    load: Load, opened: Callable[[], OpenSearchReader], broken: np.ndarray
) -> None:
    load([article("1")])
    with pytest.raises(IndexerError, match="NaN"):
        opened().search([Nearest(broken.astype(np.float32), 3)])


@pytest.mark.slow
def test_a_large_question_is_answered_as_far_as_it_is_looked_up_or_refused_in_one_line(
    load: Load, opened: Callable[[], OpenSearchReader]
) -> None:
    load([article(str(n), title=f"Heart word{n}") for n in range(4)])
    reader = opened()
    many = Match(" ".join(f"word{n}" for n in range(2_000)))
    deep: Query = Match("word2")
    for _ in range(18):
        deep = Not(deep)
    nested = Or((many, Not(many), And((many, Term("id", ("1",))))))
    shared = Or(tuple(Match(f"heart word{n}") for n in range(82)))
    for query, gap in (
        (many, True),
        (And((many, many)), True),
        (nested, True),
        (shared, False),
        (deep, False),
        (Or(tuple(Match(f"word{n}") for n in range(164))), False),
    ):
        for probe in (Lexical(query, 10, within=Or((query, Phrase("heart")))), Nearest(vector(2), 10, within=query)):
            (found,) = reader.search([probe])
            assert "2" in {hit.id for hit in found}
            assert isinstance(found, PartialHits) is gap
    for _ in range(200):
        deep = Not(deep)
    everywhere = And(tuple(Or((Match("heart valve disease word1"), Phrase(f"word{n}"))) for n in range(151)))
    for query in (deep, everywhere):
        for probe in (Lexical(query, 10), Nearest(vector(2), 10, within=query)):
            with pytest.raises(QuestionTooLarge) as refused:
                reader.search([probe])
            assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("part", ["-v1", "-v1-ledger"])
def test_who_names_a_version_or_its_ledger_is_told_the_index(load: Load, location: str, part: str) -> None:
    load([article("1")])
    for ask in (lambda: OpenSearchReader(Location(location + part)), lambda: open_writer(location + part, space=None)):
        with pytest.raises(NotAnIndex, match=rf"a version of '.*'.*Name the index: {location}$"):
            ask()
