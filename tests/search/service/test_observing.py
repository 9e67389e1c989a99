"""What is told of requests: a line each, without texts, and figures that a Prometheus client reads."""

import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.onnx_models import checkpoints
from tests.search.service.running import server
from tests.search.service.serving import until

SECRET = "zebrafish"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    checkpoints.install(home, "medcpt")
    return home


@pytest.fixture
def url(home: Path) -> Iterator[str]:
    with server(home, "medcpt", keys=("the-key",)) as url:
        yield url


def ask(url: str, path: str, body: Mapping[str, object] | None = None, key: str = "the-key") -> httpx.Response:
    headers = {"authorization": f"Bearer {key}"}
    if body is None:
        return httpx.get(url + path, headers=headers, timeout=60)
    return httpx.post(url + path, json=body, headers=headers, timeout=60)


def figures(url: str) -> dict[tuple[str, ...], float]:
    """(name, *label values in the labels' order) → value."""
    found = text_string_to_metric_families(ask(url, "/metrics").text)
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in found
        for sample in family.samples
    }


def every_kind_of_request(url: str) -> None:
    embeddings = {"model": "medcpt-query", "input": [SECRET, f"{SECRET} and insulin"]}
    ask(url, "/v1/embeddings", embeddings).raise_for_status()
    ask(url, "/v1/embeddings", {**embeddings, "dimensions": 1})
    ask(url, "/v1/embeddings", {"model": "medcpt-query", "input": {SECRET: 1}})
    ask(url, "/v2/rerank", {"model": "medcpt", "query": SECRET, "documents": [SECRET] * 3}).raise_for_status()
    ask(url, "/tei/medcpt-article", {"inputs": SECRET}).raise_for_status()
    ask(url, "/similarity", {"inputs": {"source_sentence": SECRET, "sentences": [SECRET] * 2}}).raise_for_status()
    ask(url, "/v1/embeddings", embeddings, key="wrong")
    ask(url, f"/v1/models/none?{SECRET}=1")
    ask(url, "/no%0Awhere%1b[31m")


def test_each_request_is_a_line_without_its_texts(url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="search"):
        every_kind_of_request(url)
        until(lambda: len(ours(caplog)) >= 9, "a line a request")
    said = sorted(re.sub(r"\d+\.\d ms", "TIME", line) for line in ours(caplog))
    assert said == [
        "GET /no%0Awhere%1b[31m 404 TIME texts=0 tokens=0",
        "GET /v1/models/none 404 TIME texts=0 tokens=0",
        f"POST /similarity 200 TIME texts=3 tokens={tokens_in(said[2])}",
        f"POST /tei/medcpt-article 200 TIME texts=1 tokens={tokens_in(said[3])}",
        f"POST /v1/embeddings 200 TIME texts=2 tokens={tokens_in(said[4])}",
        "POST /v1/embeddings 400 TIME texts=0 tokens=0",
        "POST /v1/embeddings 400 TIME texts=0 tokens=0",
        "POST /v1/embeddings 401 TIME texts=0 tokens=0",
        f"POST /v2/rerank 200 TIME texts=3 tokens={tokens_in(said[8])}",
    ]
    assert all(tokens_in(said[line]) > 2 for line in (2, 3, 4, 8))


def ours(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.startswith("search.")]


def tokens_in(line: str) -> int:
    return int(line.rpartition("=")[2])


def test_the_figures_count_what_was_asked(url: str) -> None:
    every_kind_of_request(url)
    until(lambda: counted(figures(url)) >= 9, "a count of each request")
    told = figures(url)
    assert told["biocpt_requests_total", "/v1/embeddings", "200"] == 1
    assert told["biocpt_requests_total", "/v1/embeddings", "400"] == 2
    assert told["biocpt_requests_total", "/v1/embeddings", "401"] == 1
    assert told["biocpt_requests_total", "/tei/{model}", "200"] == 1
    assert told["biocpt_requests_total", "/v1/models/{model}", "404"] == 1
    assert told["biocpt_requests_total", "none", "404"] == 1
    assert told["biocpt_refused_total", "key"] == 1
    assert told["biocpt_texts_total", "medcpt-query"] == 2 + 1
    assert told["biocpt_texts_total", "medcpt-article"] == 1 + 2
    assert told["biocpt_texts_total", "medcpt-rerank"] == 3
    assert told["biocpt_request_seconds_count", "/v2/rerank"] == 1
    assert told["biocpt_request_seconds_bucket", "+Inf", "/v2/rerank"] == 1
    assert told["biocpt_batch_tokens_sum", "medcpt-query"] == told["biocpt_tokens_total", "medcpt-query"] > 2
    assert told["biocpt_batch_tokens_count", "medcpt-query"] >= 1
    assert told["biocpt_waiting_tokens",] == told["biocpt_requests_in_work",] == 0


def test_paths_that_clients_make_up_add_no_figures(url: str) -> None:
    for number in range(5):
        ask(url, f"/made/up/{number}")
        ask(url, f"/v1/models/{number}")
    until(lambda: counted(figures(url)) >= 10, "a count of each request")
    routes = {labels[1] for labels in figures(url) if labels[0] == "biocpt_requests_total"}
    assert routes == {"none", "/v1/models/{model}", "/metrics"}


def counted(told: dict[tuple[str, ...], float]) -> float:
    """Requests, but those for the figures."""
    return sum(
        value for labels, value in told.items() if labels[0] == "biocpt_requests_total" and labels[1] != "/metrics"
    )


def test_everything_but_health_asks_for_the_key(url: str) -> None:
    assert httpx.get(f"{url}/health", timeout=60).status_code == 200
    for path in ("/metrics", "/openapi.json", "/info", "/v1/models", "/nothing"):
        assert httpx.get(url + path, timeout=60).status_code == 401, path
    refused = httpx.get(f"{url}/v1/models", headers={"authorization": "Basic dGhlLWtleQ=="}, timeout=60)
    assert refused.json()["error"]["code"] == "invalid_api_key"
