"""Choosing among settings without merit is seldom taken for a gain, and a gain that is there is seen."""

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from search.evaluation.system import BUILT_IN, System
from search.evaluation.task import Task
from search.evaluation.topics import Topic
from search.evaluation.tuning.chance import p_of_choice
from search.evaluation.tuning.choosing import tune
from search.evaluation.tuning.grid import Grid, variants
from search.evaluation.tuning.trials import Scored, Trials

GRID = Grid(rrf_k=(10, 60), dense_weights=(0.3, 0.4, 0.5, 0.6, 0.7), depths=(50, 100, 200))
HYBRID = BUILT_IN["hybrid"]


class Drawn(Trials):
    """Scores that were drawn at random, in place of those of answers."""

    def __init__(self, scores: Scored) -> None:
        topics = tuple(Topic(f"q{number}", "?") for number in range(scores.shape[1]))
        self.task = Task(name="drawn", topics=topics, qrels={topic.id: {"d1": 1} for topic in topics})
        self.measure = "nDCG@10"
        requests = (system.request for system in variants(HYBRID, GRID))
        self._drawn = dict(zip(requests, scores, strict=True))

    def fused(self, system: System) -> Scored:
        return np.asarray(self._drawn[system.request], np.float64)


def scores(seed: int, topics: int, *, gain: float = 0.0) -> Scored:
    """A base, and 44 settings that differ from it in three ways, each of which helps as many topics as it harms."""
    chance = np.random.default_rng(seed)
    ways = chance.normal(0, 0.15, (3, topics)) * (chance.random((3, topics)) < 0.5)
    base = chance.random(topics)
    return np.stack([base, *(base + gain + chance.normal(0, 1, 3) @ ways for _ in variants(HYBRID, GRID)[1:])])


@pytest.mark.slow
@pytest.mark.parametrize(("topics", "repeats"), [(20, 200), (60, 200), (300, 40)])
def test_of_a_hundred_tasks_without_a_better_setting_five_at_most_change_the_system(topics: int, repeats: int) -> None:
    found = [tune(HYBRID, GRID, Drawn(scores(seed, topics))) for seed in range(repeats)]
    assert sum(one.is_better for one in found) <= 0.05 * repeats


@pytest.mark.slow
def test_the_interval_alone_would_change_it_more_often() -> None:
    """Why there is a test of the choice: the interval's own share is 2.5 in 100."""
    found = [tune(HYBRID, GRID, Drawn(scores(seed, 60))) for seed in range(100)]
    assert sum(one.interval.low > 0 for one in found) > 0.05 * 100


@pytest.mark.slow
def test_a_gain_that_is_there_is_seen() -> None:
    found = [tune(HYBRID, GRID, Drawn(scores(seed, 200, gain=0.1))) for seed in range(20)]
    assert all(one.is_better for one in found)


def _repeated(differences: NDArray[np.float64], parts: list[NDArray[np.intp]]) -> float:
    """The same by loops over all sign exchanges."""
    topics = np.arange(differences.shape[1])

    def told(exchanged: NDArray[np.float64]) -> float:
        held = np.zeros(len(topics))
        for part in parts:
            rest = np.setdiff1d(topics, part)
            held[part] = exchanged[np.argmax(exchanged[:, rest].sum(axis=1)), part]
        return float(held.sum() / max(np.sqrt((held**2).sum()), 1e-150))

    all_told = [told(differences * signs) for signs in product([1.0, -1.0], repeat=len(topics))]
    return float(np.mean([one >= told(differences) - 1e-9 for one in all_told]))


def test_it_is_the_share_of_exchanges_whose_gain_is_as_large() -> None:
    differences = np.vstack([np.zeros(10), np.random.default_rng(1).normal(0.3, 0.5, (4, 10))])
    parts = [np.arange(0, 10, 2), np.arange(1, 10, 2)]
    # drawn are 2,000 of the 1,024 exchanges: the deviation of a share is at most .5 / sqrt(2,000) = .011
    assert p_of_choice(differences, parts) == pytest.approx(min(1, 2 * _repeated(differences, parts)), abs=0.05)


def test_a_setting_that_is_always_better_is_as_sure_as_it_gets_and_the_base_alone_is_no_gain() -> None:
    parts = [np.arange(0, 40, 2), np.arange(1, 40, 2)]
    always = np.vstack([np.zeros(40), np.full(40, 0.1)])
    assert p_of_choice(always, parts) == 2 / 2001
    assert p_of_choice(np.zeros((3, 40)), parts) == 1
    assert p_of_choice(always, parts, seed=1) == p_of_choice(always, parts, seed=1)
