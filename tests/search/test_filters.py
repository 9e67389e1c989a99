"""Filters become one query that holds all of them."""

from typing import Any

import pytest

from indexer.queries import And, Not, Range, Term
from search.errors import InvalidRequest
from search.filters import Filters, parse_years


def test_no_filter_is_no_query() -> None:
    assert Filters().query() is None


def test_one_filter_is_its_own_query() -> None:
    assert Filters(years=(2015, None)).query() == Range("year", 2015, None)


def test_filters_are_all_required_and_values_of_one_are_alternatives() -> None:
    filters = Filters(journals=("Lancet", "BMJ"), types=("Review",), no_retracted=True, has_abstract=True)
    assert filters.query() == And(
        (
            Term("journal", ("Lancet", "BMJ")),
            Term("type", ("Review",)),
            Term("flag", ("abstract",)),
            Not(Term("flag", ("retracted",))),
        )
    )


def test_an_empty_list_of_ids_lets_nothing_through() -> None:
    assert Filters(ids=()).query() == Term("id", ())


def test_what_else_must_hold_joins_the_rest() -> None:
    both = And((Term("mesh", ("Aspirin",)), Term("mesh", ("Stroke",))))
    assert Filters(also=both).query() == both
    assert Filters(years=(2015, None), also=both).query() == And((Range("year", 2015, None), both))


@pytest.mark.parametrize("name", ["journals", "types", "mesh", "languages", "ids"])
def test_a_text_where_a_tuple_belongs_is_refused_with_the_tuple_that_was_meant(name: str) -> None:
    wrong: dict[str, Any] = {name: "Review"}
    with pytest.raises(InvalidRequest, match=rf"filter {name} is the text 'Review'; give .* \('Review',\)"):
        Filters(**wrong)


@pytest.mark.parametrize("years", [("2015", None), (2015,), (2015.0, None), (True, None), (2020, 2015), (1, 2, 3)])
def test_years_that_are_no_range_are_refused(years: tuple[int | None, int | None]) -> None:
    with pytest.raises(InvalidRequest, match="filter years"):
        Filters(years=years)


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("2015", (2015, 2015)),
        ("2015-2020", (2015, 2020)),
        ("2015:2020", (2015, 2020)),
        (" 2015 - ", (2015, None)),
        ("-2020", (None, 2020)),
    ],
)
def test_years_are_read(text: str, years: tuple[int | None, int | None]) -> None:
    assert parse_years(text) == years


@pytest.mark.parametrize("text", ["", "-", "15", "2020-2015", "2015 2020", "last year", "2015-2020-2021"])
def test_what_is_no_range_of_years_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(InvalidRequest, match="Year"):
        parse_years(text)
