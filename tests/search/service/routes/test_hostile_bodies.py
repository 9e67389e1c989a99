"""Whatever is sent as a body is answered with a line that says what is wrong, and never by a failure."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

PATHS = ["/v1/embeddings", "/v1/rerank", "/v2/rerank", "/v1/embed", "/v2/embed", "/embed", "/rerank", "/similarity"]
MALFORMED = {
    "nothing": b"",
    "no JSON": b"hello",
    "broken off": b'{"input": "x',
    "two objects": b"{} {}",
    "deeply nested": b'{"input":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deeply nested objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "not UTF-8": '{"input": "naïve"}'.encode("latin-1"),
    "half a pair": b'{"input": "\\ud83d"}',
    "UTF-16": '{"input": "x"}'.encode("utf-16"),
    "NaN": b'{"input": "x", "dimensions": NaN}',
    "a huge number": b'{"dimensions": 1e999999}',
    "many digits": b'{"dimensions": ' + b"9" * 10_000 + b"}",
    "a list": b"[1, 2, 3]",
    "a text": b'"input"',
    "null": b"null",
    "a zero byte": b"\x00",
    "a byte order mark": b"\xef\xbb\xbf{}",
}
TEXT = {"inputs": "x"}


def message_of(answer: httpx.Response) -> str:
    """The message, wherever the API has it."""
    body: dict[str, Any] = answer.json()
    error = body.get("error", body.get("message"))
    return str(error["message"] if isinstance(error, dict) else error)


@pytest.mark.parametrize("path", PATHS)
def test_malformed_bodies_are_refused_in_one_line(medcpt_url: str, path: str) -> None:
    with httpx.Client(base_url=medcpt_url, headers={"content-type": "application/json"}, timeout=60) as client:
        for name, content in MALFORMED.items():
            answer = client.post(path, content=content)
            assert answer.status_code in (400, 422), name
            message = message_of(answer)
            assert message.startswith(("The body", "model", "query", "inputs", "texts", "input")), name
            assert "\n" not in message
            assert len(message) < 300


@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_is_not_called_json_is_refused(medcpt_url: str, path: str) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"):
        answer = httpx.post(medcpt_url + path, content=b'{"input": "x"}', headers={"content-type": kind}, timeout=60)
        assert answer.status_code == 415
        assert "Send it as 'application/json'" in message_of(answer)


def test_a_message_never_repeats_a_text(medcpt_url: str) -> None:
    for body in ({"input": {"zebrafish": 1}}, {"input": ["x", ["zebrafish"]]}, {"model": 1, "input": "zebrafish"}):
        answer = httpx.post(f"{medcpt_url}/v1/embeddings", json=body, timeout=60)
        assert answer.status_code == 400
        assert "zebrafish" not in answer.text


def test_names_in_a_path_are_not_repeated_at_length(medcpt_url: str) -> None:
    long = "x" * 50_000
    for answer in (
        httpx.get(f"{medcpt_url}/v1/models/{long}", timeout=60),
        httpx.post(f"{medcpt_url}/tei/{long}", json=TEXT, timeout=60),
    ):
        assert answer.status_code == 404
        assert len(answer.text) < 700


def test_a_message_stays_short(medcpt_url: str) -> None:
    long = "x" * 1_000_000
    for path, body in (
        ("/v1/embeddings", {"model": long, "input": "x"}),
        ("/embed", {"inputs": "x", "prompt_name": long}),
        ("/v1/rerank", {"query": "x", "documents": [{}], "rank_fields": [long]}),
        ("/v1/rerank", {"query": "x", "documents": [{}], "rank_fields": ["x"] * 1000}),
        ("/v1/embeddings", {"model": "medcpt-query", "input": "x", "encoding_format": long}),
        ("/v1/embeddings", {"model": "medcpt-query", "input": "x", "dimensions": 10**300}),
    ):
        answer = httpx.post(medcpt_url + path, json=body, timeout=60)
        assert answer.status_code in (400, 422)
        assert len(answer.text) < 700


def test_a_path_or_a_method_that_is_not_there_is_said_in_json(medcpt_url: str) -> None:
    assert "error" in httpx.get(f"{medcpt_url}/v1/chat/completions", timeout=60).json()
    assert (
        httpx.post(f"{medcpt_url}/embed/", json={"inputs": "x"}, headers={"host": "elsewhere"}, timeout=60).status_code
        == 404
    )
    assert httpx.get(f"{medcpt_url}/nothing", timeout=60).status_code == 404
    refused = httpx.get(f"{medcpt_url}/v1/rerank", timeout=60)
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert refused.json() == {"message": "This path takes another method. /openapi.json lists what there is."}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "model": st.sampled_from(["medcpt", "medcpt-query", "medcpt-article", "medcpt-rerank", "x"]) | JSON,
        "input_type": st.sampled_from(["search_query", "search_document", "query", "passage"]) | JSON,
        "prompt_name": st.sampled_from(["query", "passage"]) | JSON,
        **dict.fromkeys(["input", "inputs", "query", "texts", "documents"], st.text() | st.lists(st.text()) | JSON),
        **dict.fromkeys(["dimensions", "encoding_format", "top_n", "truncate", "normalize", "echo"], JSON),
        **dict.fromkeys(["rank_fields", "return_documents", "raw_scores", "embedding_types", "relevant_spans"], JSON),
    },
)


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_nothing_that_is_json_makes_the_server_fail(medcpt_url: str, path: str) -> None:
    with httpx.Client(base_url=medcpt_url, headers={"content-type": "application/json"}, timeout=60) as client:

        @settings(max_examples=60, derandomize=True)
        @given(FIELDS)
        def answered(body: dict[str, Any]) -> None:
            answer = client.post(path, content=json.dumps(body))
            assert answer.status_code in (200, 400, 404, 422), body
            if answer.status_code != 200:
                assert message_of(answer)

        answered()
