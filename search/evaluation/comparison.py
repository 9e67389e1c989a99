"""Systems against a baseline, topic by topic: how much better, how surely, and where each lost most."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from indexer.queries import Hit
from search.errors import InvalidRequest, NothingShared
from search.evaluation.evaluation import Contrast, Ranked
from search.evaluation.measures import Scores
from search.evaluation.significance import bootstrap_interval, holm, randomisation_p
from search.evaluation.task import Grades

_DIGITS = 9
_EQUAL = 10**-_DIGITS
"""Two scores that differ by less are a tie: what is left is the order of additions."""


class TopicLoss(NamedTuple):
    """A topic on which a system did worse than the baseline."""

    topic: str
    system: str
    score: float
    baseline_score: float

    @property
    def size(self) -> float:
        """How much was lost."""
        return self.baseline_score - self.score


def compare(baseline: str, systems: Mapping[str, Scores], *, seed: int = 0) -> tuple[Contrast, ...]:
    """Each other system against the baseline: by measure, then in the order given.

    Only topics that both have are compared, so that each counts with the pair of its scores; with scores that were
    taken as `complete` both have all judged topics, and what was not answered is 0. `unshared` tells the others. Holm's
    correction is over the systems, for each measure alone.

    Raises:
        InvalidRequest: there is no system of the baseline's name.
        NothingShared: a system has no topic in common with the baseline.
    """
    if baseline not in systems:
        raise InvalidRequest(f"Unknown baseline {baseline!r}. Known: {', '.join(systems)}.")
    return tuple(found for measure in systems[baseline] for found in _contrasts(baseline, systems, measure, seed))


def unshared(baseline: str, systems: Mapping[str, Scores]) -> dict[str, tuple[str, ...]]:
    """System → the topics that it or the baseline has and the other lacks, which its contrasts leave out."""
    return {
        name: tuple(sorted(_topics(systems[baseline]) ^ _topics(scores)))
        for name, scores in systems.items()
        if name != baseline
    }


def largest_losses(baseline: str, systems: Mapping[str, Scores], measure: str, *, limit: int = 10) -> list[TopicLoss]:
    """The topics on which systems lost most against the baseline, the largest first; equal ones by topic and system."""
    against = systems[baseline][measure]
    losses = (
        TopicLoss(topic, name, score, against[topic])
        for name, scores in systems.items()
        for topic, score in scores[measure].items()
        if topic in against
    )
    real = [loss for loss in losses if loss.size > _EQUAL]
    return sorted(real, key=lambda loss: (-round(loss.size, _DIGITS), loss.topic, loss.system))[:limit]


def top(
    topic: str, hits: Sequence[Hit], grades: Grades, titles: Mapping[str, str] | None = None, *, limit: int = 10
) -> tuple[Ranked, ...]:
    """The first places of a topic's list as they were judged: an article with the topic's own id is left out."""
    ids = [hit.id for hit in hits if hit.id != topic][:limit]
    return tuple(Ranked(id=id, grade=grades.get(id), title=(titles or {}).get(id, "")) for id in ids)


def _contrasts(baseline: str, systems: Mapping[str, Scores], measure: str, seed: int) -> Iterator[Contrast]:
    others = [name for name in systems if name != baseline]
    pairs = {name: _pairs(baseline, name, systems, measure) for name in others}
    ps = [randomisation_p(*pairs[name], seed=seed) for name in others]
    for name, p, p_holm in zip(others, ps, holm(ps), strict=True):
        ours, theirs = pairs[name]
        gains = [one - other for one, other in zip(ours, theirs, strict=True)]
        low, high = bootstrap_interval(ours, theirs, seed=seed)
        wins, losses = sum(gain > _EQUAL for gain in gains), sum(gain < -_EQUAL for gain in gains)
        yield Contrast(
            system=name,
            baseline=baseline,
            measure=measure,
            difference=math.fsum(gains) / len(gains),
            low=low,
            high=high,
            p=p,
            p_holm=p_holm,
            wins=wins,
            losses=losses,
            ties=len(gains) - wins - losses,
        )


def _pairs(
    baseline: str, name: str, systems: Mapping[str, Scores], measure: str
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    ours, theirs = systems[name][measure], systems[baseline][measure]
    shared = sorted(ours.keys() & theirs.keys())
    if not shared:
        raise NothingShared(name, baseline)
    return tuple(ours[topic] for topic in shared), tuple(theirs[topic] for topic in shared)


def _topics(scores: Scores) -> set[str]:
    return {topic for values in scores.values() for topic in values}
