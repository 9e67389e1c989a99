"""Conditions on metadata let through what they say, in a real index; what cannot be asked is refused with its name."""

from collections.abc import Callable

import pytest

from indexer.article import Article
from indexer.errors import UnknownField
from indexer.queries import Not, Query, Range, Term
from search import Filters, Searcher, SearchRequest
from search.errors import UntranslatableFilter
from search.integrations.conditions import FIELDS, compare
from search.integrations.retrieving import metadata
from tests.search.integrations.invented import ARTICLES


def passed(searcher: Searcher, *condition: object) -> set[str]:
    """The ids that a search of everything gives under the condition."""
    field, operator, value = condition
    within = Filters(also=compare(str(field), str(operator), value))
    asked = SearchRequest("clinical study", mode="dense", rerank=False, filters=within, limit=100)
    return {result.id for result in searcher.search(asked).results}


def those(is_meant: Callable[[Article], bool]) -> set[str]:
    return {article.id for article in ARTICLES.values() if is_meant(article)}


CASES: list[tuple[tuple[object, ...], Callable[[Article], bool]]] = [
    (("year", "==", 2015), lambda a: a.year == 2015),
    (("year", "!=", 2015), lambda a: a.year != 2015),
    (("year", ">", 2015), lambda a: (a.year or 0) > 2015),
    (("year", ">=", 2015), lambda a: (a.year or 0) >= 2015),
    (("year", "<", 2015), lambda a: (a.year or 9999) < 2015),
    (("year", "<=", 2015), lambda a: (a.year or 9999) <= 2015),
    (("year", "in", [2012, 2019]), lambda a: a.year in (2012, 2019)),
    (("year", "not in", [2012, 2019]), lambda a: a.year not in (2012, 2019)),
    (("year", "in", []), lambda _: False),
    (("id", "in", ["101", "103", "nobody"]), lambda a: a.id in ("101", "103")),
    (("journal", "==", "j sample oncol"), lambda a: a.journal_abbreviation == "J Sample Oncol"),
    (("publication_types", "==", "Review"), lambda a: "Review" in a.publication_types),
    (("publication_types", "not in", ["Review"]), lambda a: "Review" not in a.publication_types),
    (("mesh", "in", ["Aspirin", "Neoplasms"]), lambda a: bool(a.mesh)),
    (("mesh", "not in", []), lambda _: True),
    (("languages", "==", "fre"), lambda a: "fre" in a.languages),
    (("has_abstract", "==", True), lambda a: bool(a.abstract)),
    (("has_abstract", "in", [True, False]), lambda _: True),
    (("retracted", "==", False), lambda a: not a.is_retracted),
    (("retracted", "!=", False), lambda a: a.is_retracted),
    (("expression_of_concern", "==", True), lambda _: False),
]


@pytest.mark.parametrize(("condition", "is_meant"), CASES, ids=[" ".join(map(str, case[0])) for case in CASES])
def test_a_condition_lets_through_what_it_says(
    searcher: Searcher, condition: tuple[object, ...], is_meant: Callable[[Article], bool]
) -> None:
    assert passed(searcher, *condition) == those(is_meant)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (("impact", ">", 5), "'impact'. Known: year, id, journal"),
        (("impact", "not in", [5]), "'impact'"),
        (("year", "==", "2015"), "'2015' is no whole number"),
        (("year", "==", True), "True is no whole number"),
        (("year", "<", None), "None is no whole number"),
        (("year", ">", 10**30), "is no whole number"),
        (("year", "~", 2015), "no operator '~'. Known: ==, in, !=, not in, >"),
        (("mesh", ">", "Aspirin"), "'mesh': no operator '>'"),
        (("mesh", "==", ["Aspirin"]), "is no text. Use 'in'"),
        (("mesh", "in", "Aspirin"), "take a list"),
        (("mesh", "in", ["Aspirin", 3]), "3 is no text"),
        (("retracted", "==", "false"), "neither true nor false"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_name(condition: tuple[str, str, object], said: str) -> None:
    with pytest.raises(UntranslatableFilter) as caught:
        compare(*condition)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("condition", "query"),
    [
        (("extra.ward", "==", "north"), Term("ward", ("north",))),
        (("extra.ward", "not in", ["north", "south"]), Not(Term("ward", ("north", "south")))),
        (("extra.beds", "in", [4, 6]), Term("beds", ("4", "6"))),
        (("extra.open", "==", True), Term("open", ("true",))),
        (("extra.beds", ">", 4), Range("beds", 5, None)),
    ],
)
def test_what_else_an_attached_index_holds_is_asked_by_its_name(
    condition: tuple[str, str, object], query: Query
) -> None:
    assert compare(*condition) == query


def test_what_an_index_of_ours_does_not_know_is_refused_with_what_it_knows(searcher: Searcher) -> None:
    with pytest.raises(UnknownField, match=r"no keyword field 'ward'\. The keyword fields are: journal, type"):
        passed(searcher, "extra.ward", "==", "north")


def test_all_that_can_be_filtered_by_is_in_the_metadata(searcher: Searcher) -> None:
    shown = metadata(searcher.search("aspirin").results[0])
    assert set(FIELDS) - {"id"} <= set(shown)
