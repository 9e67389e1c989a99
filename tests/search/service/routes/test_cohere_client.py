"""Cohere's own clients of both versions, pointed at the server."""

import base64
import math
from collections.abc import Iterator

import cohere
import numpy as np
import pytest

from tests.search.service.routes.conftest import Direct

QUERY = "does aspirin prevent stroke"
DOCUMENTS = [
    "Aspirin and stroke\nPatients with stroke were treated with aspirin.",
    "Sleep and diet",
    "Insulin resistance\nGlucose and insulin in the liver.",
    "",
]
PASSAGES = [tuple((*document.split("\n", 1), "")[:2]) for document in DOCUMENTS]


@pytest.fixture
def v1(medcpt_url: str) -> Iterator[cohere.Client]:
    with cohere.Client("unused", base_url=medcpt_url, max_retries=0) as client:
        yield client


@pytest.fixture
def v2(medcpt_url: str) -> Iterator[cohere.ClientV2]:
    with cohere.ClientV2("unused", base_url=medcpt_url, max_retries=0) as client:
        yield client


def expected(direct: Direct) -> dict[int, float]:
    """Each document's sigmoid, worked out with the standard library."""
    logits = direct.reranker.score(QUERY, [(title, abstract) for title, abstract in PASSAGES])
    return {index: 1 / (1 + math.exp(-float(logit))) for index, logit in enumerate(logits)}


def test_every_document_comes_back_best_first_with_the_models_score(v2: cohere.ClientV2, direct: Direct) -> None:
    results = v2.rerank(model="medcpt-rerank", query=QUERY, documents=DOCUMENTS).results
    scores = expected(direct)
    assert [result.index for result in results] == sorted(scores, key=lambda index: (-scores[index], index))
    for result in results:
        assert result.relevance_score == pytest.approx(scores[result.index], abs=1e-5)


def test_scores_are_written_with_a_point(medcpt_url: str) -> None:
    """OpenSearch casts them to Double, which fails for `1`."""
    import httpx

    body = {"model": "medcpt-rerank", "query": QUERY, "documents": DOCUMENTS, "top_n": 4}
    text = httpx.post(f"{medcpt_url}/v1/rerank", json=body, timeout=60).text
    written = [part.split("}")[0].split(",")[0] for part in text.split('"relevance_score":')[1:]]
    assert len(written) == 4
    assert all("." in number or "e" in number for number in written)


def test_top_n_leaves_the_best(v2: cohere.ClientV2) -> None:
    whole = v2.rerank(model="medcpt", query=QUERY, documents=DOCUMENTS).results
    best = v2.rerank(model="medcpt", query=QUERY, documents=DOCUMENTS, top_n=2).results
    assert [result.index for result in best] == [result.index for result in whole[:2]]
    many = v2.rerank(model="medcpt", query=QUERY, documents=DOCUMENTS, top_n=100).results
    assert len(many) == len(DOCUMENTS)


def test_version_1_takes_texts_and_objects_and_returns_them(v1: cohere.Client, direct: Direct) -> None:
    documents: list[str | dict[str, str]] = [DOCUMENTS[0], {"text": DOCUMENTS[1]}, {"text": DOCUMENTS[2]}]
    answer = v1.rerank(query=QUERY, documents=documents, return_documents=True)
    scores = expected(direct)
    assert len(answer.results) == 3
    for result in answer.results:
        assert result.document is not None
        assert result.document.text == DOCUMENTS[result.index]
        assert result.relevance_score == pytest.approx(scores[result.index], abs=1e-5)


def test_version_1_ranks_by_the_fields_asked_for(v1: cohere.Client, direct: Direct) -> None:
    documents = [{"headline": title, "body": body, "text": "not this"} for title, body in PASSAGES[:3]]
    answer = v1.rerank(model="medcpt-cross", query=QUERY, documents=documents, rank_fields=["headline", "body"])
    scores = expected(direct)
    for result in answer.results:
        assert result.relevance_score == pytest.approx(scores[result.index], abs=1e-5)


def test_raw_scores_are_the_logits(v2: cohere.ClientV2, direct: Direct) -> None:
    asked = {"additional_body_parameters": {"raw_scores": True}}
    answer = v2.rerank(model="medcpt", query=QUERY, documents=DOCUMENTS, request_options=asked)  # type: ignore[arg-type]
    logits = direct.reranker.score(QUERY, [(title, abstract) for title, abstract in PASSAGES])
    for result in answer.results:
        assert result.relevance_score == pytest.approx(float(logits[result.index]), abs=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "medcpt-query"}, "No model 'medcpt-query' is served for that. Served: medcpt-rerank"),
        ({"model": "rerank-v3.5"}, "Served: medcpt-rerank"),
    ],
)
def test_a_model_that_does_not_re_rank_is_not_found(v2: cohere.ClientV2, change: dict[str, str], message: str) -> None:
    with pytest.raises(cohere.NotFoundError) as refused:
        v2.rerank(**{"query": QUERY, "documents": DOCUMENTS, **change})  # type: ignore[arg-type]
    assert message in refused.value.body["message"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"documents": []}, "documents: list should have at least 1 item"),
        ({"query": ""}, "query: string should have at least 1 character"),
        ({"top_n": 0}, "top_n: input should be greater than or equal to 1"),
        ({"max_tokens_per_doc": 8}, "max_tokens_per_doc: medcpt-rerank reads up to"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    v2: cohere.ClientV2, asked: dict[str, object], message: str
) -> None:
    with pytest.raises(cohere.BadRequestError) as refused:
        v2.rerank(**{"model": "medcpt", "query": QUERY, "documents": DOCUMENTS, **asked})  # type: ignore[arg-type]
    assert message in refused.value.body["message"]


def test_an_object_without_its_text_is_named(v1: cohere.Client) -> None:
    with pytest.raises(cohere.BadRequestError) as refused:
        v1.rerank(query=QUERY, documents=["x", {"title": "y"}])
    assert refused.value.body["message"].startswith("documents.1: ")


def test_the_input_type_says_the_side(v2: cohere.ClientV2, direct: Direct) -> None:
    for kind, encoder, text in (
        ("search_query", direct.query, QUERY),
        ("search_document", direct.article, PASSAGES[0]),
    ):
        given = QUERY if kind == "search_query" else DOCUMENTS[0]
        answer = v2.embed(model="medcpt", input_type=kind, texts=[given], embedding_types=["float", "base64"])
        vector = encoder.encode([text])[0]  # type: ignore[list-item]
        assert answer.embeddings.float_ is not None
        assert np.array_equal(np.array(answer.embeddings.float_[0], dtype=np.float32), vector)
        assert answer.embeddings.base64 is not None
        assert np.array_equal(np.frombuffer(base64.b64decode(answer.embeddings.base64[0]), dtype="<f4"), vector)


def test_version_1_gives_plain_vectors(v1: cohere.Client, direct: Direct) -> None:
    answer = v1.embed(model="medcpt", input_type="search_query", texts=[QUERY])
    assert answer.response_type == "embeddings_floats"
    assert np.array_equal(np.array(answer.embeddings, dtype=np.float32), direct.query.encode([QUERY]))


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"input_type": "clustering"}, "input_type: 'clustering' is no side of a search"),
        ({"embedding_types": ["int8"]}, "embedding_types: 'int8' cannot be had"),
        ({"truncate": "START"}, "truncate: only the END"),
        ({"truncate": "NONE", "texts": ["heart " * 500]}, "texts.0: the text is longer than the 64 tokens"),
        ({"output_dimension": 7}, "output_dimension: medcpt-query gives"),
    ],
)
def test_embeddings_that_cannot_be_had_are_refused(v2: cohere.ClientV2, asked: dict[str, object], message: str) -> None:
    with pytest.raises(cohere.BadRequestError) as refused:
        v2.embed(**{"model": "medcpt", "input_type": "search_query", "texts": ["x"], **asked})  # type: ignore[arg-type]
    assert message in refused.value.body["message"]
