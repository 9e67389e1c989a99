"""Values under a path of `_source`, however the document writes them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.engines.opensearch.attached.field_map import FieldMap, article_of
from indexer.engines.opensearch.attached.leaves import count, leaves
from indexer.engines.opensearch.attached.values import strings, text, values


@pytest.mark.parametrize(
    "source",
    [
        {"a": {"b": {"c": 1}}},
        {"a.b.c": 1},
        {"a.b": {"c": 1}},
        {"a": {"b.c": 1}},
        {"a": [{"b": {"c": 1}}, {"b": {"d": 2}}]},
        {"a": {"b": {"c": [None, 1]}}},
    ],
)
def test_objects_dots_and_lists_are_the_same_path(source: dict[str, Any]) -> None:
    assert values(source, "a.b.c") == [1]


def test_values_of_lists_come_in_their_order_as_lines() -> None:
    assert text({"p": [{"t": "one"}, {"t": ["two", "three"]}]}, "p.t") == "one\ntwo\nthree"
    assert strings({"flag": True, "n": 2.5}, "flag") == ("true",)


@given(
    st.recursive(st.none() | st.text() | st.integers(), lambda part: st.lists(part) | st.dictionaries(st.text(), part))
)
def test_any_json_can_be_asked_for_any_path(source: Any) -> None:
    for path in ("a", "a.b", ".", "a."):
        strings(source, path)


KNOWN = leaves(
    {"properties": {"t": {"type": "text"}, "d": {"type": "date"}, "r": {"type": "boolean"}, "x": {"type": "keyword"}}}
)
MAP = FieldMap(text=("t",), year="d", retracted="r", filters={"x": "x", "journal": "x"})


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2015-06-22T10:00:00Z", (2015, 6, 22)),
        ("2015-06", (2015, 6, None)),
        ("2015", (2015, None, None)),
        (2015, (2015, None, None)),
        (1_434_931_200_000, (2015, 6, 22)),
        (["2001-01-01", "2015"], (2001, 1, 1)),
        ("soon", (None, None, None)),
        (10**30, (None, None, None)),
        (True, (None, None, None)),
        ("22/06/2015", (2015, None, None)),
        ("Mon, 22 Jun 2015 10:00:00 +0000", (2015, None, None)),
        ("1434931200000", (2015, 6, 22)),
    ],
)
def test_a_date_is_read_as_far_as_it_is_told(value: Any, date: tuple[int | None, ...]) -> None:
    article = article_of("1", {"t": "words", "d": value}, MAP, KNOWN)
    assert (article.year, article.month, article.day) == date


@pytest.mark.parametrize(
    ("format", "value", "date"),
    [
        ("epoch_second", 1_434_931_200, (2015, 6, 22)),
        ("epoch_second", "1434931200", (2015, 6, 22)),
        ("yyyyMMdd", 20_150_622, (2015, None, None)),
        ("dd.MM.yyyy||epoch_millis", 1_434_931_200_000, (2015, 6, 22)),
    ],
)
def test_a_number_in_a_date_is_read_by_the_format_of_its_field(
    format: str, value: Any, date: tuple[int | None, ...]
) -> None:
    known = leaves({"properties": {"t": {"type": "text"}, "d": {"type": "date", "format": format}}})
    article = article_of("1", {"t": "words", "d": value}, FieldMap(text=("t",), year="d"), known)
    assert (article.year, article.month, article.day) == date


def test_a_document_becomes_an_article_of_its_own_words() -> None:
    article = article_of("a/b", {"t": ["one", "two"], "r": True, "x": ["p", "q"], "other": 1}, MAP, KNOWN)
    assert (article.id, article.title, article.abstract, article.journal) == ("a/b", "", "one\ntwo", "p, q")
    assert article.is_retracted
    assert article.extra == {"x": ["p", "q"]}


def test_fields_are_counted_as_a_server_counts_them() -> None:
    mapping = {
        "properties": {
            "a": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
            "o": {"properties": {"b": {"type": "long"}}},
        }
    }
    assert count(mapping) == 4
