"""`biocpt search --emit` over an index in a cluster: what it prints can be sent as it is."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.opensearch.server import Server
from tests.search.cli.in_process import Command

pytestmark = [pytest.mark.slow]

SAMPLE = sorted((Path(__file__).parents[3] / "sample").glob("*.xml"))
QUESTION = "statins and 'breast' \"cancer\" survival"


def test_the_printed_lists_give_the_ranks_that_the_answer_shows(
    biocpt: Command, home: Path, node: Server, fresh_index: str
) -> None:
    where = ("--index", f"{node.url}/{fresh_index}", "--home", home)
    assert biocpt("index", *SAMPLE, *where).code == 0
    shown = biocpt("search", QUESTION, *where, "--no-retracted", "--limit", "50", "--json").json
    printed = biocpt("search", QUESTION, *where, "--no-retracted", "--emit", "json").json
    requests = {request["name"]: request for request in printed["requests"]}
    assert list(requests) == ["lists", "lexical", "knn", "hybrid-min-max", "hybrid-rrf", "template", "template-call"]
    assert any("re-rank" in note for note in printed["notes"])

    lines = "".join(json.dumps(line) + "\n" for line in requests["lists"]["body"]).encode()
    said = node.ask("POST", requests["lists"]["path"], lines)
    ranks: dict[str, dict[str, int]] = {}
    for name, answer in zip(("lexical", "dense"), said["responses"], strict=True):
        for rank, hit in enumerate(answer["hits"]["hits"], start=1):
            ranks.setdefault(hit["sort"][-1], {})[name] = rank
    assert len(shown["hits"]) == 50
    for hit in shown["hits"]:
        assert {name: place["rank"] for name, place in hit["lists"].items()} == ranks[hit["id"]]

    fused: dict[str, Any] = node.ask("POST", requests["hybrid-rrf"]["path"], requests["hybrid-rrf"]["body"])
    assert len(fused["hits"]["hits"]) == 10
    assert all("embedding" not in hit["_source"] for hit in fused["hits"]["hits"])


def test_curl_and_template_print_each_their_own_requests(
    biocpt: Command, home: Path, node: Server, fresh_index: str
) -> None:
    where = ("--index", f"{node.url}/{fresh_index}", "--home", home)
    assert biocpt("index", *SAMPLE, *where).code == 0
    plain = biocpt("search", QUESTION, *where, "--emit", "curl", "--rerank", "none").out
    stored = biocpt("search", QUESTION, *where, "--emit", "template", "--mode", "lexical").out
    assert "/_msearch" in plain
    assert "_scripts" not in plain
    assert "re-rank" not in plain.partition("curl ")[0]
    assert f" {node.url}/_scripts/biocpt-{fresh_index}-lexical <<" in stored
    assert "/_msearch" not in stored
