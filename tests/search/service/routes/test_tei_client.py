"""Hugging Face's own client, pointed at the server as at Text Embeddings Inference; and what TEI has beside it."""

import math
from collections.abc import Iterator
from typing import Any

import httpx
import huggingface_hub
import numpy as np
import pytest
from huggingface_hub import InferenceClient
from huggingface_hub.errors import HfHubHTTPError

from tests.search.service.routes.conftest import Direct

TEXTS: Any = ["Aspirin and stroke\nPatients were treated with aspirin.", "Sleep and diet"]
"""Any: the type of the client before version 1 knows one text alone."""
PASSAGES = [("Aspirin and stroke", "Patients were treated with aspirin."), ("Sleep and diet", "")]


@pytest.fixture(autouse=True)
def own_connections() -> Iterator[None]:
    """The client's are its process's, and would outlive the server."""
    yield
    before_version_1 = "reset_sessions"
    close = getattr(huggingface_hub, "close_session", None) or getattr(huggingface_hub.utils, before_version_1)
    close()


def test_one_model_is_reached_below_its_name(medcpt_url: str, direct: Direct) -> None:
    query = InferenceClient(f"{medcpt_url}/tei/medcpt-query")
    article = InferenceClient(f"{medcpt_url}/tei/medcpt-article")
    assert np.array_equal(query.feature_extraction("insulin"), direct.query.encode(["insulin"]))
    found = article.feature_extraction(TEXTS)
    assert np.allclose(found, direct.article.encode(PASSAGES), atol=1e-5)
    assert np.array_equal(article.feature_extraction(TEXTS[0]), direct.article.encode(PASSAGES[:1]))


def test_the_prompts_name_says_the_side(medcpt_url: str, direct: Direct) -> None:
    client = InferenceClient(f"{medcpt_url}/embed")
    found = client.feature_extraction("insulin", prompt_name="query")
    assert np.array_equal(found, direct.query.encode(["insulin"]))
    found = client.feature_extraction(TEXTS[0], prompt_name="passage")
    assert np.array_equal(found, direct.article.encode(PASSAGES[:1]))


def test_without_a_side_two_encoders_are_not_mixed_up(medcpt_url: str, minilm_url: str) -> None:
    with pytest.raises(HfHubHTTPError, match="medcpt-query, medcpt-article"):
        InferenceClient(f"{medcpt_url}/embed").feature_extraction("insulin")
    assert InferenceClient(f"{minilm_url}/embed").feature_extraction("insulin").shape[0] == 1


def test_vectors_are_of_length_1_when_asked_for(medcpt_url: str, direct: Direct) -> None:
    client = InferenceClient(f"{medcpt_url}/tei/medcpt-query")
    vector = direct.query.encode(["insulin"])[0].astype(np.float64)
    found = client.feature_extraction("insulin", normalize=True)[0]
    assert np.allclose(found, vector / np.linalg.norm(vector), atol=1e-7)


def test_a_sentence_is_compared_with_others_by_cosine(medcpt_url: str, direct: Direct) -> None:
    client = InferenceClient(f"{medcpt_url}/similarity")
    left = direct.query.encode(["aspirin"])[0].astype(np.float64)
    right = direct.article.encode(PASSAGES).astype(np.float64)
    cosines = [float(left @ row) / math.sqrt(float(left @ left) * float(row @ row)) for row in right]
    assert client.sentence_similarity("aspirin", TEXTS) == pytest.approx(cosines, abs=1e-5)


def test_health_and_information_are_had(medcpt_url: str, direct: Direct) -> None:
    client = InferenceClient(provider="hf-inference")
    assert client.health_check(f"{medcpt_url}/tei/medcpt-article")
    information = client.get_endpoint_info(model=f"{medcpt_url}/tei/medcpt-article")
    assert (information["model_id"], information["model_sha"]) == ("medcpt-article", direct.article.fingerprint)
    assert information["model_type"] == {"embedding": {}}
    assert httpx.get(f"{medcpt_url}/info", timeout=60).json()["model_id"] == "medcpt-query"
    assert httpx.get(f"{medcpt_url}/tei/medcpt-rerank/info", timeout=60).json()["model_type"] == {"reranker": {}}
    assert httpx.get(f"{medcpt_url}/health", timeout=60).json() == {"status": "ok"}
    assert httpx.head(f"{medcpt_url}/health", timeout=60).status_code == 200
    assert not client.health_check(f"{medcpt_url}/tei/none")


@pytest.mark.parametrize("path", ["/rerank", "/tei/medcpt-rerank/rerank"])
def test_texts_are_put_in_order(medcpt_url: str, direct: Direct, path: str) -> None:
    body = {"query": "aspirin", "texts": TEXTS, "return_text": True}
    found = httpx.post(medcpt_url + path, json=body, timeout=60).raise_for_status().json()
    logits = direct.reranker.score("aspirin", PASSAGES)
    assert [rank["index"] for rank in found] == sorted(range(2), key=lambda index: -logits[index])
    for rank in found:
        assert rank["score"] == pytest.approx(1 / (1 + math.exp(-float(logits[rank["index"]]))), abs=1e-5)
        assert rank["text"] == TEXTS[rank["index"]]
    raw = httpx.post(
        medcpt_url + path, json={"query": "aspirin", "texts": TEXTS, "raw_scores": True}, timeout=60
    ).json()
    assert [rank["score"] for rank in raw] == pytest.approx(sorted(map(float, logits), reverse=True), abs=1e-4)
    assert all(set(rank) == {"index", "score"} for rank in raw)


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/tei/medcpt-query", {"inputs": ""}, "inputs.0: string should have at least 1 character"),
        ("/tei/medcpt-query", {"inputs": [1, 2]}, "inputs: token ids cannot be embedded"),
        ("/tei/medcpt-query", {"inputs": "heart " * 500, "truncate": False}, "inputs.0: the text is longer"),
        ("/tei/medcpt-query", {"inputs": "x", "truncation_direction": "left"}, "truncation_direction: only the right"),
        ("/tei/medcpt-query", {"inputs": "x", "dimensions": 3}, "dimensions: medcpt-query gives"),
        ("/embed", {"inputs": "x", "prompt_name": "summarise"}, "prompt_name: 'summarise' is no side"),
        ("/rerank", {"query": "x", "texts": ["heart " * 900], "truncate": False}, "texts.0: the text is longer"),
        ("/rerank", {"texts": ["x"]}, "query: field required"),
    ],
)
def test_what_cannot_be_done_is_refused_as_tei_refuses(
    medcpt_url: str, path: str, body: dict[str, object], message: str
) -> None:
    refused = httpx.post(medcpt_url + path, json=body, timeout=60)
    assert refused.status_code == 422
    assert refused.json()["error_type"] == "Validation"
    assert refused.json()["error"].startswith(message)


def test_vectors_of_length_1_cannot_be_had_longer(minilm_url: str) -> None:
    refused = httpx.post(f"{minilm_url}/embed", json={"inputs": "x", "normalize": False}, timeout=60)
    assert refused.json()["error"] == "normalize: minilm-query always gives vectors of length 1."
