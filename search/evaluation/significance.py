"""Whether a difference between two systems is more than chance: a paired test, an interval, and Holm's correction."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnx_models.errors import MissingExtra

SAMPLES = 10_000
"""Drawn at random by the test (which looks at all sign flips where there are no more than these) and the interval."""

_STEPS = 1e12
"""Differences are counted in steps of 1e-12: whole numbers, of which equal sums are equal in whatever order added."""
_AT_ONCE = 500


class Interval(NamedTuple):
    """Between which values a mean difference lies."""

    low: float
    high: float


def randomisation_p(first: Sequence[float], second: Sequence[float], *, seed: int = 0) -> float:
    """Fisher's paired randomisation test of the mean difference, two-sided (Smucker, Allan and Carterette, CIKM 2007).

    If the systems were alike, each topic's two scores could as well be the other way round. The p-value is the part of
    such exchanges whose mean difference is at least as large: of all of them where up to 13 topics differ, else of
    10,000 drawn at random, the observed one counted among them, so that it is never 0.

    Args:
        first: one score a topic.
        second: the scores of the other system for the same topics, in the same order.
        seed: of the random exchanges; the same seed gives the same p-value.
    """
    steps = np.rint(_differences(first, second) * _STEPS)
    steps = steps[steps != 0]  # an exchange of equal scores changes no sum
    if len(steps) < 2:
        return 1.0
    test = _stats().permutation_test(
        (steps,),  # exchanging the two scores of a topic flips the sign of their difference
        _sum,
        permutation_type="samples",
        vectorized=True,
        n_resamples=SAMPLES,
        batch=_AT_ONCE,
        rng=np.random.default_rng(seed),
    )
    return float(test.pvalue)


def bootstrap_interval(
    first: Sequence[float], second: Sequence[float], *, seed: int = 0, confidence: float = 0.95
) -> Interval:
    """Where the mean of first minus second lies, by the percentile bootstrap over topics (Efron and Tibshirani 1993).

    10,000 samples of topics with replacement. The percentile interval is taken, and not BCa, since it is defined where
    all differences are equal; for a mean over hundreds of topics the two differ in the fourth decimal. One topic
    tells nothing of others: minus infinity to infinity.
    """
    differences = _differences(first, second)
    if len(differences) < 2:
        return Interval(-math.inf, math.inf)
    found = _stats().bootstrap(
        (differences,),
        np.mean,
        method="percentile",
        confidence_level=confidence,
        vectorized=True,
        n_resamples=SAMPLES,
        batch=_AT_ONCE,
        rng=np.random.default_rng(seed),
    )
    return Interval(float(found.confidence_interval.low), float(found.confidence_interval.high))


def holm(ps: Sequence[float]) -> list[float]:
    """The p-values corrected for their number by Holm's step-down (Scandinavian Journal of Statistics 1979), in order.

    The smallest of m is multiplied by m, the next by m - 1 and so on; none falls below one that was smaller, none
    exceeds 1.
    """
    adjusted = [1.0] * len(ps)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        highest = max(highest, min(1.0, ps[place] * (len(ps) - rank)))
        adjusted[place] = highest
    return adjusted


def _differences(first: Sequence[float], second: Sequence[float]) -> NDArray[np.float64]:
    if len(first) != len(second):
        raise ValueError(f"{len(first)} scores cannot be paired with {len(second)}")
    return np.asarray(first, np.float64) - np.asarray(second, np.float64)


def _sum(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    total: NDArray[np.float64] = np.sum(values, axis=axis)
    return total


def _stats() -> Any:
    try:
        from scipy import stats
    except ImportError as error:
        raise MissingExtra(what="Testing a difference", extra="eval") from error
    return stats
