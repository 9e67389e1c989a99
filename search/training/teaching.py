"""A teacher's scores of a query's passages, for a student to learn margins from: distillation. Add a teacher here."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

from indexer.queries import Hit
from search.fusion import min_max

Teaching = Literal["rerank", "search", "mix"]

Scores: TypeAlias = Mapping[str, float]
"""Passage id → score; higher is more relevant, comparable within one query only."""


class Seen(NamedTuple):
    """The same passages, scored twice."""

    reranked: Scores
    """By the re-ranker; empty where none was asked."""
    found: Scores
    """By the search that found them."""


Teacher: TypeAlias = Callable[[Seen], dict[str, float]]

MIX = 0.5
"""The weight of the re-ranker's scores against the search's."""


def rerank(seen: Seen) -> dict[str, float]:
    """The re-ranker's scores as they are: a cross-encoder's logits, late interaction's mean cosines."""
    return dict(seen.reranked)


def search(seen: Seen) -> dict[str, float]:
    """The scores that the passages were retrieved with: fused ones of a hybrid search."""
    return dict(seen.found)


def mix(seen: Seen) -> dict[str, float]:
    """Half and half of both, each min-max-scaled over the passages given, as search mixes them (0 to 1)."""
    ours, theirs = _scaled(seen.reranked), _scaled(seen.found)
    return {id: MIX * score + (1 - MIX) * theirs[id] for id, score in ours.items()}


TEACHERS: dict[Teaching, Teacher] = {"rerank": rerank, "search": search, "mix": mix}


def needs_reranker(teaching: Teaching | None) -> bool:
    """Whether a teacher reads the passages again."""
    return teaching in ("rerank", "mix")


def found_scores(ids: Sequence[str], hits: Sequence[Hit]) -> dict[str, float]:
    """The scores that passages have in a ranked list; what it did not find counts as its last hit does."""
    scores = dict(hits)
    lowest = min(scores.values(), default=0.0)
    return {id: scores.get(id, lowest) for id in ids}


def _scaled(scores: Scores) -> Scores:
    return dict(min_max([Hit(id, score) for id, score in scores.items()]))
