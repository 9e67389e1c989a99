"""Re-order the top of a list with a re-ranker; how its scores mix with the fused ones."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from indexer.queries import Hit, best_first
from onnx_models.reranker import Reranker
from search.errors import BadScores
from search.fusion import min_max

DEFAULT_MIX = {"cross": 1.0, "late": 0.6}
"""The weight of re-rank scores where neither the request nor the model set says: MedCPT takes its cross-encoder's
order alone; late interaction without training gains most when mixed (measured on four collections)."""


class Mixture(NamedTuple):
    """What a mixed score is made of: `weight` × `reranker` + (1 - `weight`) × `fused`, both scaled to 0 … 1."""

    weight: float
    reranker: float
    fused: float

    @property
    def score(self) -> float:
        """The sum."""
        return self.weight * self.reranker + (1 - self.weight) * self.fused


class Reranked(NamedTuple):
    """The new order, the re-ranker's own scores of what it read (best first), and how they were mixed, by id."""

    order: list[Hit]
    scores: list[Hit]
    mixtures: Mapping[str, Mixture] = {}


def rerank(
    query: str, hits: Sequence[Hit], passages: Sequence[tuple[str, str]], reranker: Reranker, mix: float
) -> Reranked:
    """Re-order the first `len(passages)` of `hits`, whose texts are `passages`; the others stay below, in their order.

    Args:
        mix: the weight of the re-ranker's scores; see `mixed`.

    Raises:
        BadScores: the re-ranker gave something that is no finite number.
    """
    window = hits[: len(passages)]
    if not window:
        return Reranked(list(hits), [])
    scored = [Hit(hit.id, float(score)) for hit, score in zip(window, reranker.score(query, passages), strict=True)]
    for hit in scored:
        if not math.isfinite(hit.score):
            raise BadScores(reranker.name, hit.id)
    return mixed(hits, scored, mix)


def mixed(hits: Sequence[Hit], scored: Sequence[Hit], mix: float) -> Reranked:
    """The order of `hits` when a re-ranker has `scored` the first of them, in whatever order.

    These stand by `mix` × re-rank + (1 - mix) × fused, both min-max-scaled, or by the bare re-rank score where `mix`
    is 1; the others below, in their order.
    """
    window, tail = hits[: len(scored)], list(hits[len(scored) :])
    if mix == 1 or not scored:
        return Reranked(best_first(list(scored)) + tail, best_first(list(scored)))
    by_id = {hit.id: hit for hit in min_max(scored)}
    pairs = ((by_id[old.id], old) for old in min_max(window))
    mixtures = {new.id: Mixture(mix, new.score, old.score) for new, old in pairs}
    order = [Hit(id, mixture.score) for id, mixture in mixtures.items()]
    return Reranked(best_first(order) + tail, best_first(list(scored)), mixtures)
