"""Raw re-rank scores as clients want them: between 0 and 1, best first, each beside its document's place."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Ranked(NamedTuple):
    """A document: where it was in the request, and how relevant it is."""

    place: int
    score: float


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + e^-x) in float64, in the form that never overflows."""
    small = np.exp(-np.abs(logits))
    return np.where(logits >= 0, 1.0, small) / (1.0 + small)


def ranked(logits: NDArray[np.float64], *, raw: bool = False) -> list[Ranked]:
    """Every document, best first; equal ones in the order of the request.

    The order is that of the logits: MedCPT's reach beyond ±40, where a sigmoid is the same for all.
    """
    scores = logits if raw else sigmoid(logits)
    order = np.argsort(-logits, kind="stable")
    return [Ranked(int(place), float(scores[place])) for place in order]
