"""Where the relevant articles were lost: for each, the stage of the search that did not bring it to the top."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from indexer.queries import Hit
from search.evaluation.evaluation import LostArticles
from search.evaluation.task import Qrels
from search.response import Ranking

Stage: TypeAlias = Literal[
    "not indexed",
    "in no list",
    "only lexical, fused out",
    "only dense, fused out",
    "in both, fused out",
    "below the cut",
    "not re-ranked up",
    "re-ranked down",
    "found by lexical alone",
    "found by dense alone",
    "found by both",
]

STAGES: Mapping[Stage, str] = {
    "not indexed": "The index does not hold it.",
    "in no list": "No list reached it within its depth, or the filters left it out.",
    "only lexical, fused out": "Only the lexical list had it, and fusion put it below the depth.",
    "only dense, fused out": "Only the dense list had it, and fusion put it below the depth.",
    "in both, fused out": "Both lists had it, low, and fusion put it below the depth.",
    "below the cut": "It was a candidate below the top, and no re-ranker read it.",
    "not re-ranked up": "It was a candidate below the top; the re-ranker read it and left it below.",
    "re-ranked down": "It was in the top before re-ranking, and is no more.",
    "found by lexical alone": "It is in the top; the dense list did not have it.",
    "found by dense alone": "It is in the top; the lexical list did not have it.",
    "found by both": "It is in the top, and both lists had it.",
}
"""What each stage means, in the order of a search; each relevant article is counted in exactly one."""

FOUND: frozenset[Stage] = frozenset({"found by lexical alone", "found by dense alone", "found by both"})
"""The stages of what was not lost."""


class _Places(NamedTuple):
    """Rank from 1 by article id at each stage, the topic's own article left out as it is where runs are judged."""

    lists: Mapping[str, Mapping[str, int]]
    fused: Mapping[str, int]
    order: Mapping[str, int]
    read: Collection[str]


def lost(
    system: str,
    rankings: Mapping[str, Ranking],
    qrels: Qrels,
    *,
    k: int = 10,
    held: Collection[str] | None = None,
) -> LostArticles:
    """What became of every relevant article (a grade above 0) of every topic that was asked.

    A system with one list has nothing fused out, one without a re-ranker nothing re-ranked.

    Args:
        system: its name.
        rankings: by topic id.
        qrels: the judgements.
        k: where the top ends.
        held: the judged articles that the index holds (`search.evaluation.coverage.held`); None where nobody looked,
            and then those that it lacks are "in no list".
    """
    totals = Counter[Stage]()
    topics: dict[str, dict[str, tuple[str, ...]]] = {}
    for topic, ranking in rankings.items():
        stages = _stages(topic, ranking, _relevant(qrels, topic), k, held)
        totals.update({stage: len(ids) for stage, ids in stages.items()})
        topics[topic] = {stage: tuple(stages[stage]) for stage in STAGES if stage in stages and stage not in FOUND}
    return LostArticles(
        system=system,
        relevant=totals.total(),
        stages={stage: totals[stage] for stage in STAGES},
        topics={topic: stages for topic, stages in topics.items() if stages},
    )


def _relevant(qrels: Qrels, topic: str) -> Iterator[str]:
    return (id for id, grade in qrels.get(topic, {}).items() if grade > 0)


def _stages(
    topic: str, ranking: Ranking, relevant: Iterator[str], k: int, held: Collection[str] | None
) -> dict[Stage, list[str]]:
    places = _Places(
        lists={name: _ranks(hits, topic) for name, hits in ranking.lists.items()},
        fused=_ranks(ranking.fused, topic),
        order=_ranks(ranking.reranked.order, topic),
        read={hit.id for hit in ranking.reranked.scores},
    )
    stages: defaultdict[Stage, list[str]] = defaultdict(list)
    for id in relevant:
        missing = held is not None and id not in held
        stages["not indexed" if missing and id not in places.order else _stage(id, places, k)].append(id)
    return stages


def _stage(id: str, places: _Places, k: int) -> Stage:
    lists = {name for name, ranks in places.lists.items() if id in ranks}
    if not lists:
        return "in no list"
    if id not in places.fused:
        return _by(lists, "only lexical, fused out", "only dense, fused out", "in both, fused out")
    if places.order[id] <= k:
        return _by(lists, "found by lexical alone", "found by dense alone", "found by both")
    if places.fused[id] <= k:
        return "re-ranked down"
    return "not re-ranked up" if id in places.read else "below the cut"


def _by(lists: Collection[str], lexical: Stage, dense: Stage, both: Stage) -> Stage:
    if len(lists) > 1:
        return both
    return lexical if "lexical" in lists else dense


def _ranks(hits: Sequence[Hit], topic: str) -> dict[str, int]:
    return {id: rank for rank, id in enumerate((hit.id for hit in hits if hit.id != topic), start=1)}
