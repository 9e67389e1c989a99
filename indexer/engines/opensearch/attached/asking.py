"""Questions to an index that is not ours, as the lines of one `_msearch`, and the lists that come back.

A hit is its `_id` and score. Documents of ours are sorted by an id field of their own; here there is none, and `_id`
can only be sorted by if the cluster holds all of them in memory: so equal scores are put in order here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.searching.asking import MOST_HITS, Answer, Question, gap_of
from indexer.queries import Hit, PartialHits, best_first, hits_of

ANSWER = {"filter_path": "-responses.hits.hits._index,-responses.hits.hits._type"}
_OPTIONS = orjson.OPT_SERIALIZE_NUMPY


def ask(cluster: Cluster, index: str, questions: Sequence[Question], *, seconds: float) -> list[Answer]:
    """The lists in the order asked, in one request; those that lack something are `PartialHits`.

    Raises: RequestRefused, for a list that no shard gave.
    """
    if not questions:
        return []
    body = lines(questions, seconds=seconds)
    said = cluster.request("POST", f"/{index}/_msearch", body, params=ANSWER, doing=f"search {index!r}")
    return [_read(cluster, *pair) for pair in zip(questions, said["responses"], strict=True)]


def lines(questions: Sequence[Question], *, seconds: float) -> bytes:
    """The body of `POST /<index>/_msearch`; a shard stops after so many seconds and gives what it has."""
    bodies = (orjson.dumps(_body(question, seconds), option=_OPTIONS) for question in questions)
    return b"".join(part for body in bodies for part in (b"{}\n", body, b"\n"))


def _body(question: Question, seconds: float) -> dict[str, Any]:
    """Whatever pipeline the index has for its own searches, ours go through none."""
    return {
        "size": min(question.k, MOST_HITS),
        "query": question.query,
        "_source": False,
        "track_total_hits": question.counted or False,
        "search_pipeline": {},
        "timeout": f"{max(1, round(seconds * 1000))}ms",
    }


def _read(cluster: Cluster, question: Question, said: Mapping[str, Any]) -> Answer:
    if "error" in said:
        raise cluster.refused(said["status"], said["error"], doing="search")
    found = said.get("hits", {})
    hits = _hits(question, found.get("hits", ()))
    gap = " ".join(sentence for sentence in (question.gap, gap_of(question, said, len(hits))) if sentence)
    return Answer(PartialHits(hits, gap) if gap else hits, found.get("total", {}).get("value", 0))


def _hits(question: Question, found: Sequence[Mapping[str, Any]]) -> list[Hit]:
    """An id that stands in several shards, each with a routing of its own, counts once, where it is best."""
    raw, best = question.raw, dict[str, Hit]()
    for hit in best_first(hits_of([(row["_id"], 0.0 if raw is None else raw(row["_score"])) for row in found])):
        best.setdefault(hit.id, hit)
    return list(best.values())
