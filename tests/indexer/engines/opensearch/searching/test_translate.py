"""Queries as a cluster's: what it is told, without a server. That it means the same is the contract's part."""

from typing import Any

import orjson
import pytest

from indexer.engines.opensearch.searching.lists import by_words, condition
from indexer.engines.opensearch.searching.translate import (
    MOST_NESTED,
    MOST_VALUES,
    MOST_WORDS,
    may_find_deleted,
    scored,
)
from indexer.errors import QuestionTooLarge
from indexer.queries import And, Lexical, Match, Not, Or, Phrase, Query, Range, Term

MANY = Match(" ".join(f"word{n}" for n in range(2_000)))


def words_in(clause: Any) -> int:
    """How many words a clause looks for, over all fields."""
    match clause:
        case {"match": dict(fields)}:
            return sum(len(asked["query"].split()) for asked in fields.values())
        case dict():
            return sum(words_in(part) for part in clause.values())
        case list() | tuple():
            return sum(words_in(part) for part in clause)
        case _:
            return 0


@pytest.mark.parametrize(
    "query", [MANY, And((MANY, MANY)), Or((MANY, Not(MANY), And((MANY, Term("id", ("1",))))))], ids=["1", "2", "3"]
)
def test_the_words_of_a_question_stay_below_the_servers_limit_and_the_list_says_so(query: Query) -> None:
    question = by_words(Lexical(query, 10, within=Or((query, Phrase("heart")))))
    assert 900 <= words_in(question.query) <= 3 * MOST_WORDS < 1_024
    assert "of each part of the question were looked up" in question.gap


def test_short_parts_leave_their_words_to_long_ones() -> None:
    parts = tuple(Match(f"heart word{n}") for n in range(151))
    assert by_words(Lexical(Or(parts), 10)).gap == ""
    question = by_words(Lexical(Or((*parts, MANY)), 10))
    assert words_in(question.query) == 3 * (2 * 151 + MOST_WORDS - 302)
    assert f"{2_000 - 28:,} were not" in question.gap


def test_a_question_of_more_parts_than_words_is_refused() -> None:
    parts = tuple(Match(f"word{n}") for n in range(MOST_WORDS))
    assert words_in(by_words(Lexical(Or(parts), 10)).query) == 3 * MOST_WORDS
    with pytest.raises(QuestionTooLarge, match="331 parts have words"):
        by_words(Lexical(Or(parts), 10, within=Match("heart")))


def test_what_is_nested_too_deeply_is_refused_in_one_line_and_the_deepest_allowed_can_be_written() -> None:
    deep: Query = Term("journal", ("bmj",))
    for _ in range(MOST_NESTED - 1):
        deep = Not(deep)
    assert orjson.dumps({"query": {"script_score": {"query": by_words(Lexical(deep, 5, within=deep)).query}}})
    for _ in range(5_000):
        deep = And((deep,))
    for ask in (lambda: by_words(Lexical(deep, 5)), lambda: condition(deep)):
        with pytest.raises(QuestionTooLarge, match="nested more than 60 deep"):
            ask()


def test_a_repeated_word_counts_once_in_any_form() -> None:
    clause = scored(Match("Heart hearts HEART's lung 0.05 0.05"))
    asked = clause["bool"]["should"][0]["match"]["title_abstract"]["query"]
    assert asked.split() == ["Heart", "lung", "0ˑ05"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Match("heart"), False),
        (Phrase("heart"), False),
        (Range("year", None, None), False),
        (Term("journal", ("bmj",)), False),
        (Term("id", ("1",)), True),
        (Not(Match("heart")), True),
        (And(()), True),
        (And((Match("heart"), Not(Match("lung")))), False),
        (And((Term("id", ("1",)), Not(Match("lung")))), True),
        (Or((Match("heart"), Term("id", ("1",)))), True),
        (Or(()), False),
    ],
)
def test_only_queries_that_can_match_a_tombstone_are_told_to_leave_them_out(query: Query, expected: bool) -> None:
    assert may_find_deleted(query) is expected
    assert ("deleted" in str(by_words(Lexical(query, 5)).query)) is expected
    assert "deleted" not in str(by_words(Lexical(query, 5, within=Match("heart"))).query)


def test_more_values_than_one_clause_takes_are_divided() -> None:
    (clause,) = scored(Term("id", tuple(map(str, range(MOST_VALUES + 5)))))["bool"]["filter"]
    sizes = [len(part["terms"]["id.any_case"]) for part in clause["bool"]["should"]]
    assert sizes == [MOST_VALUES, 5]


def test_text_is_never_syntax() -> None:
    hostile = 'a" } }, "match_all": {} OR title:*'
    (title, *_) = scored(Phrase(hostile))["bool"]["should"]
    assert title["match_phrase"]["title"]["query"] == hostile


def test_lists_without_scores_stand_by_id() -> None:
    asked = by_words(Lexical(Term("journal", ("bmj",)), 5))
    assert asked.raw is None
    assert "should" not in asked.query
