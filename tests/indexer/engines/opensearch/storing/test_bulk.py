"""The lines of bulk requests, and what is read in their answers."""

import json
from dataclasses import replace
from typing import Any

import pytest

from indexer.article import Article
from indexer.decisions import as_stored
from indexer.engines.opensearch.errors import UnreadableAnswer
from indexer.engines.opensearch.storing.bulk import Action, body, index_lines, results, update_lines

ONE = Article(id="1", order=7)
ACTION = Action(ONE, index_lines("1", b"{}", version=7), as_stored(ONE, has_vector=False), 7)


def test_each_action_is_two_lines_of_json_whatever_its_id_is() -> None:
    id = 'a"\n{"delete":{}}\u2028é'
    lines = index_lines(id, b'{"order":7}', version=7) + update_lines(id, b"{}", seq_no=3, primary_term=2)
    assert lines.endswith(b"\n")
    assert [json.loads(line) for line in lines.decode().split("\n")[:-1]] == [
        {"index": {"_id": id, "version": 7, "version_type": "external_gte"}},
        {"order": 7},
        {"update": {"_id": id, "if_seq_no": 3, "if_primary_term": 2}},
        {},
    ]


def test_a_body_is_the_lines_of_its_actions() -> None:
    other = replace(ACTION, lines=index_lines("2", b"{}", version=1))
    assert body([ACTION, other]) == ACTION.lines + other.lines


@pytest.mark.parametrize(
    ("status", "kind", "verdict"),
    [
        (200, None, "stored"),
        (201, None, "stored"),
        (409, "version_conflict_engine_exception", "newer"),
        (404, "document_missing_exception", "newer"),
        (400, "mapper_parsing_exception", "refused"),
        (413, "illegal_argument_exception", "refused"),
        (429, "rejected_execution_exception", "passing"),
        (503, "unavailable_shards_exception", "passing"),
        (503, "cluster_block_exception", "passing"),
        (500, "null_pointer_exception", "shaken"),
        (429, "cluster_block_exception", "blocked"),
        (403, "cluster_block_exception", "blocked"),
        (403, "security_exception", "blocked"),
        (404, "index_not_found_exception", "blocked"),
        (400, "index_closed_exception", "blocked"),
    ],
)
def test_each_status_has_its_verdict(status: int, kind: str | None, verdict: str) -> None:
    item: dict[str, Any] = {"status": status} | ({"error": {"type": kind, "reason": "why"}} if kind else {})
    ((action, result),) = results({"items": [{"index": item}]}, [ACTION])
    assert (action, result.verdict) == (ACTION, verdict)


def test_the_reason_is_one_line_that_ends_in_the_cause() -> None:
    cause = {"type": "input_coercion_exception", "reason": "Numeric value (1) out of range\n at [Source: (byte[])]"}
    error = {"type": "mapper_parsing_exception", "reason": "failed to parse field [year]", "caused_by": cause}
    ((_, result),) = results({"items": [{"index": {"status": 400, "error": error}}]}, [ACTION])
    assert result.reason == "failed to parse field [year]: Numeric value (1) out of range (400)"


@pytest.mark.parametrize("answer", [{}, {"items": []}, {"items": 3}, [], None])
def test_an_answer_to_something_else_is_refused(answer: object) -> None:
    with pytest.raises(UnreadableAnswer, match="store 1 documents"):
        list(results(answer, [ACTION]))
