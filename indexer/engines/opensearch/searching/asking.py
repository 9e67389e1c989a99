"""Questions for ranked lists as the lines of one `_msearch`, and its answers read back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from indexer.engines.opensearch.connecting.address import Address
from indexer.engines.opensearch.connecting.refusals import refusal_of
from indexer.queries import Hit, PartialHits, hits_of

MOST_HITS = 10_000
"""Of one list: `index.max_result_window`, and the highest k of k-NN."""

ANSWER = "-responses.hits.hits._*"
"""The parts of an answer that are not sent: a hit is its score and id, both of which it is sorted by. What is wanted
could be named instead, in ten times the letters, and they cost: urllib3 looks at each in each request."""

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY
_HEADER = b"{}\n"


@dataclass(frozen=True, slots=True)
class Question:
    """One ranked list to ask for."""

    query: Mapping[str, Any]
    k: int
    """At least 1; a server gives `MOST_HITS` at most."""
    raw: Callable[[float], float] | None
    """What makes our score of the server's; None where all matches score 0 and stand by id."""
    counted: int = 0
    """Matches that are counted, to learn whether there are more."""
    gap: str = ""
    """What is not asked for, though it should be, as a sentence; "" for nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back of one question."""

    hits: list[Hit]
    matches: int
    """As far as they were counted."""


def lines(questions: Sequence[Question], *, seconds: float) -> bytes:
    """The body of `POST /<index>/_msearch`; a shard stops after so many seconds and gives what it has."""
    bodies = (orjson.dumps(_body(question, seconds), option=_OPTIONS) for question in questions)
    return b"".join(part for body in bodies for part in (_HEADER, body, b"\n"))


def answers(questions: Sequence[Question], said: Mapping[str, Any], address: Address) -> list[Answer]:
    """The lists in the order asked; those that lack something are `PartialHits`.

    Raises: RequestRefused, for a list that no shard gave.
    """
    return [_read(*pair, address) for pair in zip(questions, said["responses"], strict=True)]


def _body(question: Question, seconds: float) -> dict[str, Any]:
    """An empty pipeline takes the place of a default one, which others may have set; its name alone would not do in an
    `_msearch` before 2.18.
    """
    return {
        "size": min(question.k, MOST_HITS),
        "query": question.query,
        "sort": ["id"] if question.raw is None else ["_score", "id"],
        "_source": False,
        "stored_fields": "_none_",
        "track_total_hits": question.counted or False,
        "search_pipeline": {},
        "timeout": f"{max(1, round(seconds * 1000))}ms",
    }


def _read(question: Question, said: Mapping[str, Any], address: Address) -> Answer:
    if "error" in said:
        raise refusal_of(said["status"], said["error"], address=address, who="who asks", doing="search")
    found = said.get("hits", {})
    hits = _hits(question, found.get("hits", ()))
    gap = " ".join(sentence for sentence in (question.gap, gap_of(question, said, len(hits))) if sentence)
    return Answer(PartialHits(hits, gap) if gap else hits, found.get("total", {}).get("value", 0))


def _hits(question: Question, found: Sequence[Mapping[str, Any]]) -> list[Hit]:
    raw = question.raw
    sorted_by = [hit["sort"] for hit in found]
    if raw is None:
        return hits_of((id, 0.0) for (id,) in sorted_by)
    return hits_of([(id, raw(score)) for score, id in sorted_by])


def gap_of(question: Question, said: Mapping[str, Any], found: int) -> str:
    """What is missing from a list, as a sentence; "" for nothing.

    A shard that no node holds is not counted as failed: it is only not among the successful.
    """
    shards = said["_shards"]
    missing = shards["total"] - shards["successful"]
    if missing:
        reasons = {_reason(failure["reason"]) for failure in shards.get("failures", ())}
        why = "; ".join(sorted(reasons)) or "no node holds them now"
        return f"{missing} of {shards['total']} shards did not answer ({why})."
    if said.get("timed_out"):
        return "The search ran out of time, so this list is what was found until then."
    if found == MOST_HITS < question.k:
        return f"A cluster gives {MOST_HITS:,} hits of one list at most, and {question.k:,} were asked for."
    return ""


def _reason(reason: Mapping[str, Any]) -> str:
    cause = reason.get("caused_by") or reason
    return f"{cause.get('type')}: {cause.get('reason')}"
