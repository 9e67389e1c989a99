"""Merge ranked lists into one. Add a fusion here: a function and a row in FUSIONS."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from indexer.queries import Hit, best_first, hits_of

Lists = Mapping[str, Sequence[Hit]]
"""Ranked lists by name (`lexical`, `dense`), each best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FusionOptions:
    """What fusions can be told: rrf's constant, and the weight of the dense list against the lexical one."""

    k: int = 60
    dense_weight: float = 0.5

    @property
    def weights(self) -> Mapping[str, float]:
        """By list; their sum is 1."""
        return {"dense": self.dense_weight, "lexical": 1 - self.dense_weight}


Fusion = Callable[[Lists, FusionOptions], list[Hit]]


def rrf(lists: Lists, options: FusionOptions) -> list[Hit]:
    """Reciprocal rank fusion (Cormack et al., SIGIR 2009): the sum over lists of 1 / (k + rank), ranks from 1; a list
    that weighs other than half counts for so much more or less.
    """
    weights, scores = options.weights, defaultdict[str, float](float)
    for name in sorted(lists):
        weight = 2 * weights[name]
        for below, (id, _) in enumerate(lists[name], start=options.k + 1):
            scores[id] += weight / below
    return best_first(hits_of(scores.items()))


def interpolate(lists: Lists, options: FusionOptions) -> list[Hit]:
    """The weighted mean of min-max-scaled scores (the convex combination of Bruch et al., TOIS 2023).

    What a list did not find counts 0 there, as its last hit does.
    """
    weights, scores = options.weights, defaultdict[str, float](float)
    for name in sorted(lists):
        for hit in min_max(lists[name]):
            scores[hit.id] += weights[name] * hit.score
    return best_first(hits_of(scores.items()))


def min_max(hits: Sequence[Hit]) -> list[Hit]:
    """The same hits with scores scaled to 0 (lowest) … 1 (highest); 1 for all where they are equal."""
    if not hits:
        return []
    low = min(hit.score for hit in hits)
    spread = max(hit.score for hit in hits) - low
    return [Hit(hit.id, (hit.score - low) / spread if spread else 1.0) for hit in hits]


FUSIONS: dict[str, Fusion] = {"rrf": rrf, "interpolate": interpolate}
