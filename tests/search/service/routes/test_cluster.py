"""What connectors of ml-commons ask: scores of joined fields, and searches rewritten. A cluster itself asks in
tests/search/test_clients_without_vectors.py.
"""

import json
from typing import Any

import httpx
import pytest

from indexer.article import Article, text_digest
from tests.search.service.routes.conftest import Direct

TITLES = ["statins for the heart", "insulin and glucose in blood", "surgery of bone"]
PASSAGES = [(title, f"{title} of patients in a trial") for title in TITLES]


def joined(title: str, abstract: str) -> str:
    article = Article(id="1", order=0, title=title, abstract=abstract)
    return f"{title}true{text_digest(article)}{abstract}"


def ask(url: str, question: str, texts: list[str]) -> httpx.Response:
    """As `connector.pre_process.bedrock.rerank` asks."""
    sources = [
        {"inlineDocumentSource": {"textDocument": {"text": text}, "type": "TEXT"}, "type": "INLINE"} for text in texts
    ]
    queries = [{"textQuery": {"text": question}, "type": "TEXT"}]
    return httpx.post(
        f"{url}/opensearch/rerank", json={"model": "medcpt-rerank", "queries": queries, "sources": sources}
    )


def test_scores_are_raw_and_of_title_and_abstract_apart(medcpt_url: str, direct: Direct) -> None:
    answer = ask(medcpt_url, "statins and glucose", [joined(*passage) for passage in PASSAGES]).json()
    assert [result["index"] for result in answer["results"]] == [0, 1, 2]
    wanted = direct.reranker.score("statins and glucose", PASSAGES)
    assert [result["relevanceScore"] for result in answer["results"]] == pytest.approx(wanted.tolist(), abs=1e-5)


def test_a_text_that_is_not_all_there_is_refused(medcpt_url: str) -> None:
    answer = ask(medcpt_url, "statins", [joined(*PASSAGES[0]), "statins for the heart"])
    assert answer.status_code == 400
    assert "Document 1 is not the title" in answer.json()["error"]


def rewritten(url: str, search: dict[str, Any]) -> dict[str, Any]:
    body = {"model": "medcpt-query", "field": "embedding", "search": search}
    found: dict[str, Any] = httpx.post(f"{url}/opensearch/rewrite", json=body).json()
    return found


def test_a_search_for_words_comes_back_with_the_vector_of_its_text(medcpt_url: str, direct: Direct) -> None:
    query = {"match": {"title": {"query": 'statins "$" for'}}}
    answer = rewritten(medcpt_url, {"size": 3, "query": query})
    search = json.loads(answer["search"])
    words, nearest = search["query"]["hybrid"]["queries"]
    assert (answer["is_hybrid"], words, search["size"]) == (True, query, 3)
    vector = direct.query.encode(['statins "$" for'])[0]
    assert nearest["knn"]["embedding"]["vector"] == pytest.approx(vector.tolist(), abs=1e-6)
    assert "$" not in answer["search"]


def test_a_search_for_no_text_comes_back_as_it_is(medcpt_url: str) -> None:
    answer = rewritten(medcpt_url, {"query": {"match_all": {"boost": 2.0}}})
    assert (json.loads(answer["search"]), answer["is_hybrid"]) == ({"query": {"match_all": {"boost": 2.0}}}, False)


def test_a_search_too_deep_to_be_written_again_is_refused(medcpt_url: str) -> None:
    deep: dict[str, Any] = {"match_all": {}}
    for _ in range(140):
        deep = {"bool": {"must": [deep]}}
    body = {"model": "medcpt-query", "field": "embedding", "search": {"query": deep}}
    answer = httpx.post(f"{medcpt_url}/opensearch/rewrite", json=body)
    assert answer.status_code == 400
    assert "nested too deeply" in answer.json()["error"]


def test_a_model_that_cannot_do_it_is_named(medcpt_url: str) -> None:
    body = {"model": "medcpt-rerank", "field": "embedding", "search": {"query": {"match": {"title": "x"}}}}
    answer = httpx.post(f"{medcpt_url}/opensearch/rewrite", json=body)
    assert answer.status_code == 404
    assert "medcpt-query" in answer.json()["error"]
