"""Choose settings by cross-validation: the gain that is told is of topics that had no part in the choice."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from search.errors import NotForTuning
from search.evaluation.significance import Interval, bootstrap_interval
from search.evaluation.system import System
from search.evaluation.task import Task
from search.evaluation.tuning.chance import p_of_choice
from search.evaluation.tuning.grid import Grid, at_edge, variants
from search.evaluation.tuning.trials import Scored, Trials

LEVEL = 0.05
"""How often a system may be changed though no setting is better than it."""

LEAST_TOPICS = 20
"""Fewer tell nothing of settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """What was chosen on all topics but these, and how it does on these."""

    chosen: System
    topics: int
    """Held out."""
    score: float
    base_score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What tuning found."""

    task: str
    base: System
    best: System
    """Chosen on all topics."""
    measure: str
    topics: int
    tried: int
    """Settings before re-ranking, the base among them."""
    base_mean: float
    best_mean: float
    """On the topics that it was chosen by: too good by what choosing gains."""
    gain: float
    """Mean over all topics of what the choice of the other folds gains over the base: what can be expected."""
    interval: Interval
    """Of the gain, 95 %, over other topics with the folds' choices as they are. That other topics would have led to
    other choices is not in it, so that it excludes 0 by chance more often than it says; hence `p`."""
    p: float
    """How often choosing among settings without merit gains as much (`search.evaluation.tuning.chance`)."""
    folds: tuple[Fold, ...]
    ranked: tuple[tuple[System, float], ...]
    """The ten best settings before re-ranking, with their means."""
    at_edge: tuple[str, ...]
    """Settings of the best that are the least or the most of those tried, such as `depth 500`."""

    @property
    def is_better(self) -> bool:
        """Whether the gain is neither within its interval nor what choosing brings by chance: else the base stays."""
        return self.interval.low > 0 and self.p < LEVEL

    @property
    def system(self) -> System:
        """What to use from now on."""
        return self.best if self.is_better else self.base


def require_tunable(task: Task, folds: int) -> None:
    """Raises: NotForTuning, for judgements that are marked as test, or too few topics."""
    if task.split == "test":
        raise NotForTuning(
            task.name, "its judgements are marked as test, and what is tuned on them cannot be judged by them"
        )
    if len(task.topics) < max(LEAST_TOPICS, 2 * folds):
        raise NotForTuning(
            task.name, f"it has {len(task.topics)} topics, and {max(LEAST_TOPICS, 2 * folds)} are needed"
        )


def tune(base: System, grid: Grid, trials: Trials, *, folds: int = 5, seed: int = 0) -> Tuned:
    """The best of the grid's settings for the task of the trials, and its gain over `base` by cross-validation.

    For each fold the setting with the best mean over the other folds' topics is taken (of equals the one nearest to the
    beginning of the grid, where the base stands), then the weight of the re-ranker's scores, if the system re-ranks; it
    is scored on the fold's topics alone. How many of its candidates the re-ranker reads stays as it is.

    Raises:
        NotForTuning: see `require_tunable`.
    """
    task = trials.task
    require_tunable(task, folds)
    choice = _Choice(trials, variants(base, grid), grid.mixes)
    base_scores = choice.scores[0] if base.rerank == "none" else trials.shown(base)
    parts = _parts(len(task.topics), folds, seed)
    held_out, told = _held_out(choice, base_scores, parts)
    best, best_scores = choice.best(np.arange(len(task.topics)))
    return Tuned(
        task=task.name,
        base=base,
        best=best,
        measure=trials.measure,
        topics=len(task.topics),
        tried=len(choice.systems),
        base_mean=_mean(base_scores),
        best_mean=_mean(best_scores),
        gain=_mean(held_out - base_scores),
        interval=bootstrap_interval(held_out.tolist(), base_scores.tolist(), seed=seed),
        p=p_of_choice(choice.seen(base_scores) - base_scores, parts, seed=seed),
        folds=told,
        ranked=choice.ranked(),
        at_edge=at_edge(best, grid),
    )


class _Choice:
    """The scores of every setting, and the best of them on some topics."""

    def __init__(self, trials: Trials, systems: Sequence[System], mixes: Sequence[float]) -> None:
        self.systems, self._trials, self._mixes = systems, trials, mixes
        self.scores = np.stack([trials.fused(system) for system in systems])
        self._mixed: dict[int, list[Scored]] = {}

    def best(self, topics: NDArray[np.intp]) -> tuple[System, Scored]:
        """The best setting on these topics (indices), and what it scores on all."""
        first = int(np.argmax(self.scores[:, topics].mean(axis=1)))
        system = self.systems[first]
        if system.rerank == "none":
            return system, self.scores[first]
        if first not in self._mixed:
            self._mixed[first] = self._trials.mixed(system, self._mixes)
        mixed = self._mixed[first]
        weight = int(np.argmax([scores[topics].mean() for scores in mixed]))
        return replace(system, request=replace(system.request, rerank_mix=self._mixes[weight])), mixed[weight]

    def seen(self, base: Scored) -> Scored:
        """float64 (settings, topics): the base's scores, then all that were chosen from as users would see them.

        Where the system re-ranks, that is each weight with the settings that were taken before re-ranking.
        """
        shown = [self.scores[1:]] if self.systems[0].rerank == "none" else map(np.stack, self._mixed.values())
        return np.concatenate([base[None], *shown])

    def ranked(self, most: int = 10) -> tuple[tuple[System, float], ...]:
        means = self.scores.mean(axis=1)
        order = np.argsort(-means, kind="stable")[:most]
        return tuple((self.systems[at], float(means[at])) for at in order)


def _held_out(choice: _Choice, base: Scored, parts: Sequence[NDArray[np.intp]]) -> tuple[Scored, tuple[Fold, ...]]:
    """What each topic scores with what was chosen without its fold, and the folds."""
    scored, told = np.zeros(len(base)), []
    for part in parts:
        system, scores = choice.best(np.setdiff1d(np.arange(len(base)), part))
        scored[part] = scores[part]
        told.append(Fold(chosen=system, topics=len(part), score=_mean(scores[part]), base_score=_mean(base[part])))
    return scored, tuple(told)


def _parts(topics: int, folds: int, seed: int) -> list[NDArray[np.intp]]:
    """Which topics each fold holds out: all but equal shares, in an order of chance that the seed fixes."""
    order = list(range(topics))
    random.Random(seed).shuffle(order)
    return [np.array(sorted(order[fold::folds])) for fold in range(folds)]


def _mean(scores: Scored) -> float:
    return float(scores.mean())
