"""Run things in turn and say what their times are: medians, spreads, and ratios of neighbouring runs."""

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of several runs and what they lie between; `runs` is how many there were."""

    median: float
    low: float
    high: float
    runs: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Median, smallest and largest of at least one value."""
        return cls(statistics.median(values), min(values), max(values), len(values))

    @classmethod
    def alone(cls, value: float) -> "Spread":
        """What was measured once, or is no average."""
        return cls(value, value, value, 1)


def in_turn(ways: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """What each way gave in each round: A B, B A, A B …, so that a busy moment of the machine meets all alike."""
    given: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for number in range(rounds):
        first = number % len(names)
        for name in [*names[first:], *names[:first]]:
            given[name].append(ways[name]())
        shown = ", ".join(f"{name} {values[-1]:.3g}" for name, values in given.items())
        print(f"round {number + 1} of {rounds}: {shown}", file=sys.stderr, flush=True)
    return given


def rates(seconds: Sequence[float], count: int) -> list[float]:
    """How many of `count` things were done a second, run by run."""
    return [count / each for each in seconds]


def ratio(above: Sequence[float], below: Sequence[float]) -> Spread:
    """`above` by `below`, round by round: the two runs of a round shared the machine's mood."""
    return Spread.of([a / b for a, b in zip(above, below, strict=True)])
