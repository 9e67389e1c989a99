"""Choose settings by cross-validation: the gain that is told is of topics that had no part in the choice."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from search.errors import NotForTuning
from search.evaluation.significance import Interval, bootstrap_interval, randomisation_p
from search.evaluation.system import System
from search.evaluation.task import Task
from search.evaluation.tuning.grid import Grid, variants
from search.evaluation.tuning.trials import Scored, Trials

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
    """Of the gain, 95 %."""
    p: float
    folds: tuple[Fold, ...]
    ranked: tuple[tuple[System, float], ...]
    """The ten best settings before re-ranking, with their means."""

    @property
    def is_better(self) -> bool:
        """Whether the gain is more than its interval: else the base stays."""
        return self.interval.low > 0

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


def tune(task: Task, base: System, grid: Grid, trials: Trials, measure: str, *, folds: int = 5, seed: int = 0) -> Tuned:
    """The best of the grid's settings, and its gain over `base` by cross-validation.

    For each fold the setting with the best mean over the other folds' topics is taken (of equals the one nearest to the
    beginning of the grid, where the base stands), then the weight of the re-ranker's scores, if the system re-ranks; it
    is scored on the fold's topics alone.

    Raises:
        NotForTuning: see `require_tunable`.
    """
    require_tunable(task, folds)
    choice = _Choice(trials, variants(base, grid), grid.mixes)
    base_scores = choice.scores[0] if base.rerank == "none" else trials.shown(base)
    parts = _parts(len(task.topics), folds, seed)
    held_out, told = np.zeros(len(task.topics)), []
    for part in parts:
        rest = np.setdiff1d(np.arange(len(task.topics)), part)
        system, scores = choice.best(rest)
        held_out[part] = scores[part]
        told.append(
            Fold(chosen=system, topics=len(part), score=_mean(scores[part]), base_score=_mean(base_scores[part]))
        )
    best, best_scores = choice.best(np.arange(len(task.topics)))
    mine, theirs = held_out.tolist(), base_scores.tolist()
    return Tuned(
        task=task.name,
        base=base,
        best=best,
        measure=measure,
        topics=len(task.topics),
        tried=len(choice.systems),
        base_mean=_mean(base_scores),
        best_mean=_mean(best_scores),
        gain=_mean(held_out - base_scores),
        interval=bootstrap_interval(mine, theirs, seed=seed),
        p=randomisation_p(mine, theirs, seed=seed),
        folds=tuple(told),
        ranked=choice.ranked(),
    )


class _Choice:
    """The scores of every setting, and the best of them on some topics."""

    def __init__(self, trials: Trials, systems: Sequence[System], mixes: Sequence[float]) -> None:
        self.systems, self._trials, self._mixes = systems, trials, mixes
        self.scores = np.stack([trials.fused(system) for system in systems])
        self._mixed: dict[int, list[Scored]] = {}

    def best(self, topics: np.ndarray) -> tuple[System, Scored]:
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

    def ranked(self, most: int = 10) -> tuple[tuple[System, float], ...]:
        means = self.scores.mean(axis=1)
        order = np.argsort(-means, kind="stable")[:most]
        return tuple((self.systems[at], float(means[at])) for at in order)


def _parts(topics: int, folds: int, seed: int) -> list[np.ndarray]:
    """Which topics each fold holds out: all but equal shares, in an order of chance that the seed fixes."""
    order = list(range(topics))
    random.Random(seed).shuffle(order)
    return [np.array(sorted(order[fold::folds])) for fold in range(folds)]


def _mean(scores: Scored) -> float:
    return float(scores.mean())
