"""Look-ups of one known thing, told from questions about a subject by what was clicked."""

import pytest

from search.training.filters import keyword, navigational
from search.training.texts import Described

DOE = Described(
    "Moon water and sleep in the elderly of two islands",
    "Moon water was drunk.",
    (("Doe", "Jane Ann", "JA"), ("van der Meer", "Piet", "P")),
    ("Annals of Lunacy", "Ann Lunacy"),
)
ROE = Described("Sun water", "Sun water and vitamin D.", (("Roe", "Richard", "R"),), ("Journal of Suns",))
BARE = Described("Stone water", "Nobody drank it.")


@pytest.mark.parametrize(
    ("query", "clicked", "kind"),
    [
        ("12345678", [], "id look-up"),
        ("PMID: 12345678", [], "id look-up"),
        ("12345678, 23456789", [], "id look-up"),
        ("PMC1234567", [], "id look-up"),
        ("10.1000/moon.2020", [], "id look-up"),
        ("doi: 10.1000/moon.2020", [], "id look-up"),
        ("NCT01234567", [], "id look-up"),
        ("123[uid]", [], "id look-up"),
        ("doe ja", [DOE], "author look-up"),
        ("Jane Doe", [DOE], "author look-up"),
        ("doe j, van der meer p 2019", [DOE], "author look-up"),
        ("doe et al", [DOE, BARE], "author look-up"),
        ("smith j[au] moon", [], "author look-up"),
        ("moon [Full Author Name]", [], "author look-up"),
        ("annals of lunacy", [DOE], "journal look-up"),
        ("Ann Lunacy 2015 64", [DOE], "journal look-up"),
        ("lancet[journal]", [], "journal look-up"),
        ("proceedings of the moon", [BARE], "journal look-up"),
        ("Moon water and sleep in the elderly of two islands.", [DOE, ROE], "title look-up"),
        ("moon water and sleep in the elderly of two", [DOE], "title look-up"),
        ("moon water[ti]", [], "title look-up"),
    ],
)
def test_a_look_up_is_told_by_its_kind(query: str, clicked: list[Described], kind: str) -> None:
    assert navigational(query, clicked, {"proceedings of the moon"}) == kind


@pytest.mark.parametrize(
    ("query", "clicked"),
    [
        ("vitamin d", [ROE]),
        ("hepatitis b", [DOE]),
        ("moon water in the elderly", [DOE]),
        ("doe ja", [DOE, ROE]),
        ("doe ja", [BARE]),
        ("jane", [DOE]),
        ("jane doe moon", [DOE]),
        ("annals of lunacy", [ROE]),
        ("sun water", [ROE]),
        ("proceedings of the moon", [DOE]),
        ("sleep of 2020 islanders", [DOE]),
        ("covid 19", [DOE]),
        ("p53 5 fluorouracil", []),
        ("", [DOE]),
    ],
)
def test_a_question_about_a_subject_is_none(query: str, clicked: list[Described]) -> None:
    assert navigational(query, clicked, {"proceedings of the moon"}) == ""


@pytest.mark.parametrize(
    ("query", "clicked", "why"),
    [
        ("asthma", [BARE], "single word"),
        ("asthma", [], "single word"),
        ("Moon  Water", [DOE], "keywords that each clicked article contains"),
        ("water", [DOE, ROE], "single word"),
        ("moon water", [DOE, ROE], ""),
        ("water moon", [DOE], ""),
        ("moon water", [], ""),
    ],
)
def test_keyword_queries_are_single_words_and_what_each_clicked_article_contains(
    query: str, clicked: list[Described], why: str
) -> None:
    assert keyword(query, clicked) == why


def test_a_query_of_signs_alone_takes_no_longer_than_reading_it() -> None:
    """A pattern that may begin anywhere and run to the end takes the square of the length: hours for this one."""
    assert navigational("- " * 500_000, [BARE]) == ""
