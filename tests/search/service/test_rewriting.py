"""A search for words becomes a hybrid one that keeps all else; other searches stay as they are."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.service.rewriting import Meaning, Question, encoded, question, rewritten

MEANING = Meaning(field="embedding", vector=[0.5, -1.0], depth=100)
NEEDED = ("title", "abstract")
WORDS = {"match": {"title_abstract": {"query": "statins", "operator": "OR"}}}
FILTER = [{"range": {"year": {"gte": 2015}}}]


def made(search: dict[str, Any]) -> dict[str, Any]:
    asked = question(search)
    assert asked is not None
    return rewritten(search, asked, MEANING, NEEDED)


@pytest.mark.parametrize(
    "query",
    [
        WORDS,
        {"match": {"title": "statins"}},
        {"multi_match": {"query": "statins", "fields": ["title^2", "abstract"]}},
        {"combined_fields": {"query": "statins", "fields": ["title"]}},
        {"bool": {"must": [WORDS]}},
        {"bool": {"must": WORDS, "boost": 1.0}},
        {"bool": {"should": [WORDS]}},
    ],
)
def test_a_query_by_words_is_kept_as_the_first_part(query: dict[str, Any]) -> None:
    search = made({"query": query})
    words, nearest = search["query"]["hybrid"]["queries"]
    assert words == query
    assert nearest == {"knn": {"embedding": {"vector": [0.5, -1.0], "k": 100}}}
    assert search["query"]["hybrid"]["pagination_depth"] == 100
    assert search["ext"]["rerank"]["query_context"] == {"query_text": "statins"}


def test_filters_hold_in_both_parts() -> None:
    query = {"bool": {"must": [WORDS], "filter": FILTER, "must_not": [{"term": {"flag": "retracted"}}]}}
    words, nearest = made({"query": query})["query"]["hybrid"]["queries"]
    assert words == query
    assert nearest["knn"]["embedding"]["filter"] == {"bool": {"filter": FILTER, "must_not": query["bool"]["must_not"]}}


def test_what_else_a_search_says_stays() -> None:
    said = {"size": 7, "from": 3, "highlight": {"fields": {"title": {}}}, "aggs": {"a": {"terms": {"field": "year"}}}}
    assert {name: made({**said, "query": WORDS})[name] for name in said} == said


@pytest.mark.parametrize(
    "search",
    [
        {},
        {"query": {"match_all": {}}},
        {"query": {"term": {"id": "1"}}},
        {"query": {"match": {"title": " "}}},
        {"query": {"match": {"title": {"query": 3}}}},
        {"query": {"match": {"a": "x", "b": "y"}}},
        {"query": {"bool": {"must": [WORDS, WORDS]}}},
        {"query": {"bool": {"must": [WORDS], "should": [{"term": {"year": 1}}]}}},
        {"query": {"bool": {"filter": [WORDS]}}},
        {"query": {"bool": []}},
        {"query": {"hybrid": {"queries": [WORDS]}}},
        {"query": WORDS, "size": 0},
        {"query": WORDS, "sort": [{"year": {"order": "desc"}}]},
        {"query": WORDS, "search_after": [1]},
    ],
)
def test_a_search_for_something_else_is_none_for_us(search: dict[str, Any]) -> None:
    assert question(search) is None


def test_sorting_by_score_is_what_a_search_does_anyway() -> None:
    assert question({"query": WORDS, "sort": [{"_score": {"order": "desc"}}]}) == Question("statins", None)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (False, {"includes": ["title", "abstract"]}),
        ("year", {"includes": ["year", "title", "abstract"], "excludes": []}),
        (["year", "title"], {"includes": ["year", "title", "abstract"], "excludes": []}),
        ({"excludes": ["embedding"]}, {"includes": [], "excludes": ["embedding"]}),
        (
            {"includes": ["year"], "excludes": ["abs*", "embedding"]},
            {"includes": ["year", *NEEDED], "excludes": ["embedding"]},
        ),
        (True, True),
    ],
)
def test_the_fields_to_re_rank_by_are_not_left_out(asked: object, given: object) -> None:
    assert made({"query": WORDS, "_source": asked})["_source"] == given


HOSTILE = ['"}}]}', "\\", '\\"', "${search}", "$${a}", "${ext.x:-y}", "\u2028\n\t\x00", "ünï 心 🫀", "'; DROP", "{{x}}"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_texts_and_leave_no_variable(text: str) -> None:
    search = made({"query": {"match": {"title": {"query": text or "x"}}}})
    sent = encoded(search)
    assert "$" not in sent
    assert json.loads(sent) == search


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
def test_any_text_survives(text: str) -> None:
    sent = encoded(made({"query": {"multi_match": {"query": text, "fields": ["$"]}}}))
    assert "$" not in sent
    read = json.loads(sent)
    assert read["query"]["hybrid"]["queries"][0]["multi_match"] == {"query": text, "fields": ["$"]}
    assert read["ext"]["rerank"]["query_context"]["query_text"] == text


def test_the_re_rankers_extension_is_named_again_as_a_server_reads_it() -> None:
    theirs = {"query_context": {"query_text": "other words"}}
    assert made({"query": WORDS, "ext": theirs})["ext"] == {"rerank": theirs}
    assert json.loads(encoded({"query": {"match_all": {}}, "ext": theirs}))["ext"] == {"rerank": theirs}
    assert made({"query": WORDS, "ext": {"other": 1}})["ext"]["other"] == 1


def test_a_vector_is_written_number_by_number() -> None:
    vector = np.array([0.1, -2], np.float32).tolist()
    search = rewritten({"query": WORDS}, Question("x", None), Meaning(field="f", vector=vector, depth=3), NEEDED)
    assert json.loads(encoded(search))["query"]["hybrid"]["queries"][1]["knn"]["f"]["vector"] == vector
