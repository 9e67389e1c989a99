from dataclasses import fields, replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.article import Article, Author, Deletion, Link, MeshHeading, Qualifier, Record, Section, text_digest
from indexer.article_json import from_json, record_digest, to_json

TEXTS = st.text(st.characters(codec="utf-8"), max_size=6)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)


def of_type(annotation: Any) -> st.SearchStrategy[Any]:
    """Values of a field of `Article`, from its annotation."""
    known: dict[Any, st.SearchStrategy[Any]] = {
        str: TEXTS,
        int: st.integers(0, 2**63 - 1),
        bool: st.booleans(),
        int | None: st.none() | st.integers(0, 3000),
    }
    if annotation in known:
        return known[annotation]
    part = annotation.__args__[0]
    if part is str and len(annotation.__args__) == 2 and annotation.__args__[1] is ...:
        return st.lists(TEXTS, max_size=2).map(tuple)
    if part is str:
        values = TEXTS if annotation.__args__[1] is str else JSON_VALUES
        return st.dictionaries(TEXTS, values, max_size=2)
    return st.lists(parts(part), max_size=2).map(tuple)


def parts(kind: Any) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{item.name: of_type(item.type) for item in fields(kind)})


ANNOTATIONS = {item.name: item.type for item in fields(Article) if item.name != "id"}

SOME_FIELDS = st.lists(st.sampled_from(sorted(ANNOTATIONS)), max_size=4, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: of_type(ANNOTATIONS[name]) for name in names})
)


@given(TEXTS, SOME_FIELDS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_article_comes_back_from_json_as_it_was(key: str, stated: dict[str, Any]) -> None:
    article = Article(id=key, **stated)
    assert from_json(to_json(article)) == article


def test_a_section_without_a_label_comes_back() -> None:
    article = Article(id="1", sections=(Section(text="a", label="AIMS"), Section(text="b")))
    assert from_json(to_json(article)) == article


def test_empty_fields_are_not_written() -> None:
    assert to_json(Article(id="1", authors=(Author(last_name="Long"),))) == (
        b'{"id":"1","authors":[{"last_name":"Long"}]}'
    )


def test_fields_of_a_newer_version_are_kept_or_left_out() -> None:
    article = from_json(b'{"id":"1","weight":2,"authors":[{"last_name":"Long","height":3}],"extra":{"a":1}}')
    assert article == Article(id="1", authors=(Author(last_name="Long"),), extra={"weight": 2, "a": 1})


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(orjson.JSONEncodeError):
        to_json(Article(id="1", title="\ud800"))


def test_the_digest_of_a_record_is_of_what_it_says_not_of_where_it_came_from() -> None:
    article = Article(id="1", title="T", order=5, source="a.xml", extra={"a": 1, "b": 2})
    assert record_digest(article) == record_digest(replace(article, order=9, source="b.xml", extra={"b": 2, "a": 1}))
    others: list[Record] = [
        replace(article, title="U"),
        replace(article, year=2000),
        replace(article, version=2),
        Deletion(id="1"),
        Deletion(id="2"),
    ]
    assert len({record_digest(article), *(record_digest(other) for other in others)}) == 6


def test_the_digest_of_a_text_is_of_title_and_abstract_alone() -> None:
    article = Article(id="1", title="T", abstract="A")
    assert text_digest(article) == text_digest(replace(article, id="2", year=2000))
    assert text_digest(article) != text_digest(Article(id="1", title="TA"))
    assert text_digest(Article(id="1", title=" ")) == ""


@pytest.mark.parametrize(
    ("article", "flags"),
    [
        (Article(id="1"), (False, False, False)),
        (Article(id="1", publication_types=("Retracted Publication",)), (True, False, False)),
        (Article(id="1", links=(Link(type="RetractionIn"),)), (True, False, False)),
        (Article(id="1", links=(Link(type="RetractedandRepublishedIn"),)), (True, False, False)),
        (Article(id="1", publication_types=("Retraction of Publication",)), (False, True, False)),
        (Article(id="1", links=(Link(type="RetractionOf"),)), (False, True, False)),
        (Article(id="1", links=(Link(type="ExpressionOfConcernIn"),)), (False, False, True)),
    ],
)
def test_flags(article: Article, flags: tuple[bool, bool, bool]) -> None:
    assert (article.is_retracted, article.is_retraction_notice, article.has_concern) == flags


def test_a_passage_is_title_and_abstract() -> None:
    article = Article(id="1", title="T", abstract="A", mesh=(MeshHeading(name="M", qualifiers=(Qualifier(name="q"),)),))
    assert article.passage == ("T", "A")
