"""Raw re-rank scores as clients want them: between 0 and 1, best first, each beside its document's place."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnx_models.reranker import sigmoid

MOST_SIGNS = 18
"""OpenSearch's ml-commons (seen at 3.6.0) reads a longer number as one that its function for Cohere's re-ranking cannot
take: BigDecimal cannot be cast to Double."""


class Ranked(NamedTuple):
    """A document: where it was in the request, and how relevant it is."""

    place: int
    score: float


def ranked(logits: NDArray[np.float64], *, raw: bool = False) -> list[Ranked]:
    """Every document, best first; equal ones in the order of the request.

    The order is that of the logits: MedCPT's reach beyond ±40, where a sigmoid is the same for all.
    """
    scores = logits if raw else sigmoid(logits)
    order = np.argsort(-logits, kind="stable")
    return [Ranked(int(place), float(scores[place])) for place in order]


def brief(score: float) -> float:
    """The score in at most `MOST_SIGNS` signs as JSON: the digits that go are beyond float32's by far."""
    digits = 17
    while len(repr(score)) > MOST_SIGNS:
        digits -= 1
        score = float(f"{score:.{digits}g}")
    return score
