"""The learning rate of each step: up from 0 in the warm-up, then down. Add a schedule: a function, a row."""

import math
from collections.abc import Callable
from typing import Literal

Schedule = Literal["cosine", "linear", "constant"]

FALLS: dict[Schedule, Callable[[float], float]] = {
    "cosine": lambda progress: 0.5 * (1 + math.cos(math.pi * progress)),
    "linear": lambda progress: 1 - progress,
    "constant": lambda _: 1.0,
}
"""What is left of the learning rate after a share of the steps behind the warm-up."""


def share(step: int, steps: int, *, warm_up: float, schedule: Schedule) -> float:
    """The share of the learning rate that a step is made with, as transformers' schedules have it.

    Args:
        step: counted from 0; with a warm-up, that step moves nothing.
        steps: all there are.
        warm_up: the share of them in which the rate rises.
    """
    rising = round(warm_up * steps)
    if step < rising:
        return step / rising
    return max(0.0, FALLS[schedule]((step - rising) / max(1, steps - rising)))
