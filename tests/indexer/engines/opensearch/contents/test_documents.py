"""Records as documents of a cluster, and the way back; no server."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.article import Article, Author, Deletion, MeshHeading, OtherAbstract, Qualifier, text_digest
from indexer.article_json import PARTS, record_digest
from indexer.engines.opensearch.contents.documents import VECTOR, document, record_of, stored_of, vector_of
from indexer.engines.opensearch.contents.mapping import index_body
from indexer.engines.protocol import Stored
from tests.indexer.engines.opensearch.contents.test_mapping import META

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ORDER = st.integers(0, (1 << 63) - 1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 53), 1 << 53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def _facts() -> st.SearchStrategy[dict[str, Any]]:
    """Some fields of an article, of every kind."""
    given: dict[str, st.SearchStrategy[Any]] = {}
    for field in fields(Article):
        if field.name in ("id", "order"):
            continue
        if field.default == "":
            given[field.name] = TEXT
        elif field.default == () and field.name not in PARTS:
            given[field.name] = st.lists(TEXT, max_size=3).map(tuple)
    heading = st.builds(
        MeshHeading, name=TEXT, major=st.booleans(), qualifiers=st.tuples(st.builds(Qualifier, name=TEXT))
    )
    given |= {
        "year": st.none() | st.integers(-5_000, 10**12),
        "version": st.integers(1, 9),
        "authors": st.lists(st.builds(Author, last_name=TEXT, affiliations=st.tuples(TEXT)), max_size=2).map(tuple),
        "mesh": st.lists(heading, max_size=2).map(tuple),
        "other_abstracts": st.lists(st.builds(OtherAbstract, text=TEXT), max_size=2).map(tuple),
        "other_ids": st.dictionaries(TEXT, TEXT, max_size=2),
        "extra": st.dictionaries(TEXT, JSON, max_size=2),
    }
    return st.fixed_dictionaries({}, optional=given)


@given(id=TEXT.filter(bool), order=ORDER, facts=_facts())
def test_an_article_comes_back_as_it_went_in(id: str, order: int, facts: dict[str, Any]) -> None:
    article = Article(id=id, order=order, **facts)
    assert record_of(orjson.loads(document(article))) == article


@given(id=TEXT.filter(bool), order=ORDER, version=st.integers(1, 9), source=TEXT)
def test_a_deletion_comes_back_as_it_went_in(id: str, order: int, version: int, source: str) -> None:
    deletion = Deletion(id=id, order=order, version=version, source=source)
    assert record_of(orjson.loads(document(deletion))) == deletion


@given(facts=_facts())
def test_a_document_has_only_fields_of_the_mapping(facts: dict[str, Any]) -> None:
    known = index_body(META, shards=1, field={"type": "knn_vector"}, server=(3, 6))["mappings"]["properties"]
    vector = np.ones(3, np.float32)
    assert set(orjson.loads(document(Article(id="1", **facts), vector=vector))) <= set(known)


def test_what_decisions_need_is_noted() -> None:
    article = Article(id="1", order=(1 << 63) - 1, title="Heart valves")
    stored = stored_of(orjson.loads(document(article, vector=np.ones(3, np.float32))))
    assert stored == Stored((1 << 63) - 1, False, text_digest(article), record_digest(article), True)
    gone = Deletion(id="1", order=4)
    assert stored_of(orjson.loads(document(gone))) == Stored(4, True, "", record_digest(gone), False)


def test_what_is_noted_of_a_vector_that_stays_can_be_told() -> None:
    article = Article(id="1", title="Heart")
    noted = replace(stored_of(orjson.loads(document(article))), has_vector=True)
    kept = orjson.loads(document(article, stored=noted))
    assert stored_of(kept) == noted
    assert VECTOR not in kept


@pytest.mark.parametrize("seed", range(5))
def test_a_vector_reads_back_bit_by_bit(seed: int) -> None:
    vector = (np.random.default_rng(seed).standard_normal(768) * 10.0 ** (seed * 3 - 6)).astype(np.float32)
    found = vector_of(orjson.loads(document(Article(id="1"), vector=vector)))
    np.testing.assert_array_equal(found, vector)


def test_a_tombstone_has_nothing_to_be_found_by() -> None:
    said = orjson.loads(document(Deletion(id="1", order=2, source="a.xml")))
    assert set(said) == {
        "id", "order", "deleted", "text_digest", "record_digest", "has_text", "has_vector", "record"
    }  # fmt: skip


def test_title_and_abstract_stand_beside_the_record_once() -> None:
    article = Article(id="1", title="Heart valves", abstract="Of pigs.", journal="The Lancet", year=2001)
    said = orjson.loads(document(article))
    assert said["record"] == {"journal": "The Lancet", "year": 2001}
    assert (said["title"], said["abstract"], said["title_abstract"]) == ("Heart valves", "Of pigs.", "Heart valves")
