"""Searching somebody's index: their ids, words, filters, and the vectors beside them, checked against the server."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from indexer.attach.attaching import Attaching
from indexer.attach.filling import FillOptions
from indexer.engines import open_ledger, open_reader, open_writer
from indexer.engines.location import Location
from indexer.engines.opensearch.attached.errors import NoRecords, NotAttached, TakesNoArticles, UnmappedField
from indexer.engines.opensearch.attached.reader import AttachedReader
from indexer.engines.protocol import Reader
from indexer.errors import IndexClosed, VectorMismatch
from indexer.queries import And, Lexical, Match, Nearest, Not, Or, PartialHits, Phrase, Probe, Query, Range, Term
from tests.doubles import HashEncoder
from tests.indexer.attach import museum
from tests.indexer.attach.conftest import ended
from tests.opensearch.server import Refusal, Server

DOCUMENTS = museum.tools(120)


@pytest.fixture
def location(node: Server, fresh_index: str) -> Location:
    location, encoder = museum.make(node, fresh_index, DOCUMENTS), HashEncoder()
    with closing(Attaching(location)) as attaching:
        ended(attaching.apply(attaching.plan(museum.MAP, encoder.space), encoder, FillOptions()))
    return location


@pytest.fixture
def reader(location: Location) -> Iterator[Reader]:
    with closing(open_reader(location)) as reader:
        yield reader


@pytest.fixture
def through_the_graph(location: Location) -> Iterator[Reader]:
    """Compares no vectors one by one, however few there are."""
    with closing(AttachedReader(location, most_exact=0)) as reader:
        yield reader


def matching(reader: Reader, within: Query) -> set[str]:
    """Ids of both lists under a filter, which have to be the same."""
    vector = HashEncoder().encode(["oak"])[0]
    everything = Lexical(Or((Match("workshop"), Not(Match("workshop")))), 1000, within)
    words, near = reader.search([everything, Nearest(vector, 1000, within)])
    assert {hit.id for hit in words} == {hit.id for hit in near}
    return {hit.id for hit in words}


def those(wanted: Any) -> set[str]:
    """Ids of the documents for which it holds."""
    return {id for id, said in DOCUMENTS.items() if wanted(said)}


def test_the_index_is_opened_by_its_url_as_any_other(location: Location, reader: Reader) -> None:
    info = reader.info()
    assert isinstance(reader, AttachedReader)
    assert (info.articles, info.vectors, info.is_attached, info.location) == (120, 120, True, str(location))
    assert info.space == HashEncoder().space


def test_the_nearest_are_those_of_brute_force(reader: Reader) -> None:
    encoder = HashEncoder()
    ids = list(DOCUMENTS)
    rows = encoder.encode([(said["name"], said["story"]) for said in DOCUMENTS.values()])
    question = encoder.encode(["a mallet that drives pegs"])[0]
    scores = rows @ question
    (found,) = reader.search([Nearest(question, 10)])
    order = sorted(range(len(ids)), key=lambda number: (-scores[number], ids[number]))[:10]
    assert [hit.id for hit in found] == [ids[number] for number in order]
    np.testing.assert_allclose([hit.score for hit in found], scores[order], rtol=1e-5)


def test_words_are_searched_by_their_own_analyzers_in_title_and_text(
    node: Server, fresh_index: str, reader: Reader
) -> None:
    query = {"multi_match": {"query": "Smooths oak, spokeshave", "fields": ["name^2", "story"]}}
    said = node.ask("POST", f"/{fresh_index}/_search", {"size": 50, "query": query})
    wanted = {hit["_id"]: hit["_score"] for hit in said["hits"]["hits"]}
    (found,) = reader.search([Lexical(Match("Smooths oak, spokeshave"), 50)])
    assert {hit.id: hit.score for hit in found} == pytest.approx(wanted, rel=1e-6)
    assert [(-hit.score, hit.id) for hit in found] == sorted((-hit.score, hit.id) for hit in found)


def test_filters_hold_in_both_lists(reader: Reader) -> None:
    assert matching(reader, Term("journal", ("NORTH",))) == those(lambda said: said["wing"] == "North")
    ash = matching(reader, Term("material", ("ash", "iron")))
    assert ash == those(lambda said: said["material"][0] in ("Ash", "iron"))
    assert matching(reader, Term("weight", ("2.5",))) == {"tool/10 é"}
    assert matching(reader, Term("id", ("tool/7 é", "unknown"))) == {"tool/7 é"}
    assert matching(reader, Not(Term("flag", ("retracted",)))) == those(lambda said: not said["withdrawn"])
    assert matching(reader, Term("flag", ("abstract",))) == set(DOCUMENTS)
    both = And((Term("journal", ("south",)), Range("weight", 5, 9)))
    assert matching(reader, both) == those(lambda said: said["wing"] == "South" and 5 <= said["weight"] < 10)


def test_the_graph_finds_the_same_with_filters_inside(reader: Reader, through_the_graph: Reader) -> None:
    question = HashEncoder().encode(["a gimlet that bores small holes"])[0]
    for within in (None, Term("journal", ("south",)), Range("year", 1910, 1925)):
        (exact,) = reader.search([Nearest(question, 10, within)])
        (found,) = through_the_graph.search([Nearest(question, 10, within)])
        assert [hit.id for hit in found] == [hit.id for hit in exact]


@pytest.mark.parametrize(("low", "high"), [(1905, 1910), (None, 1903), (1985, None), (None, None), (1910, 1905)])
def test_years_are_read_of_dates_both_ends_included(reader: Reader, low: int | None, high: int | None) -> None:
    found = matching(reader, Range("year", low, high))
    assert found == those(lambda said: (low or 0) <= int(said["acquired"][:4]) <= (9999 if high is None else high))


def test_a_filter_without_a_field_says_which_there_are(reader: Reader) -> None:
    with pytest.raises(UnmappedField, match=r"'mesh': its field map names .*journal.*material"):
        reader.search([Lexical(Match("oak"), 5, Term("mesh", ("Aspirin",)))])


def test_phrases_and_parts_are_asked_for_as_they_are(reader: Reader) -> None:
    (phrase,) = reader.search([Lexical(Phrase("hollows troughs"), 200)])
    assert {hit.id for hit in phrase} == those(lambda said: "hollows troughs" in said["story"])
    query = And((Match("oak"), Not(Match("plane"))))
    (found,) = reader.search([Lexical(query, 200)])
    assert {hit.id for hit in found} == those(lambda said: "oak" in said["story"] and "plane" not in said["story"])


def test_documents_come_in_the_order_asked_with_their_vectors(reader: Reader) -> None:
    wanted = ["tool/5 é", "none", "tool/3 é"]
    fifth, none, third = reader.fetch(wanted)
    assert fifth is not None
    assert third is not None
    assert none is None
    assert (fifth.id, fifth.title, fifth.journal, fifth.year) == ("tool/5 é", "Chisel no. 5", "South", 1905)
    assert fifth.extra["material"] == ["iron"]
    vector, nothing, _ = reader.vectors(wanted)
    assert vector is not None
    assert nothing is None
    np.testing.assert_allclose(vector, HashEncoder().encode([fifth.passage])[0], rtol=1e-6)


def test_every_document_is_a_row(reader: Reader) -> None:
    rows = {row.record.id: row for row in reader.rows()}
    assert rows.keys() == DOCUMENTS.keys()
    assert all(row.vector is not None for row in rows.values())


def test_a_default_pipeline_of_theirs_changes_nothing(node: Server, fresh_index: str, reader: Reader) -> None:
    probes: list[Probe] = [Lexical(Match("oak"), 50), Nearest(HashEncoder().encode(["oak"])[0], 5)]
    before = reader.search(probes)
    node.ask("PUT", f"/{fresh_index}/_settings", {"index.search.default_pipeline": "one-that-is-not-there"})
    with pytest.raises(Refusal, match="one-that-is-not-there"):
        node.ask("POST", f"/{fresh_index}/_search", {})
    assert reader.search(probes) == before
    assert reader.fetch(["tool/1 é"])[0] is not None
    assert reader.info().articles == 120


def test_a_question_of_thousands_of_words_is_cut_and_says_so(reader: Reader) -> None:
    (found,) = reader.search([Lexical(Match(" ".join(f"word{n}" for n in range(3000)) + " oak"), 5)])
    assert isinstance(found, PartialHits)
    assert "Only 200 words" in found.gap


def test_a_vector_of_another_width_is_refused(reader: Reader) -> None:
    with pytest.raises(VectorMismatch):
        reader.search([Nearest(np.ones(3, np.float32), 5)])


def test_a_closed_reader_says_so(location: Location) -> None:
    reader = open_reader(location)
    reader.close()
    with pytest.raises(IndexClosed):
        reader.info()


def test_an_index_that_is_not_attached_says_how_to(node: Server, fresh_index: str) -> None:
    location = museum.make(node, fresh_index, {})
    with pytest.raises(NotAttached, match="biocpt attach"):
        open_reader(location)


def test_nothing_is_loaded_into_an_index_of_theirs(location: Location) -> None:
    with pytest.raises(TakesNoArticles, match="biocpt attach sync"):
        open_writer(location, space=None)
    with pytest.raises(NoRecords, match="biocpt attach sync"):
        open_ledger(location)
