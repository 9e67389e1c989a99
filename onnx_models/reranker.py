"""The re-ranker protocol: a query and passages in, one relevance score a passage out."""

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

RerankerKind = Literal["cross", "late"]


class Reranker(Protocol):
    """Scores passages against one query by reading both. Safe to share between threads."""

    @property
    def name(self) -> str:
        """The spec's name, such as `medcpt-cross`."""

    @property
    def kind(self) -> RerankerKind:
        """`cross` reads both texts at once; `late` compares token states."""

    def score(self, query: str, passages: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """One score a (title, abstract), in the order given, float32 of shape (n,); higher is more relevant.

        Scores are comparable within one query only, and unbounded.
        """


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + e^-x) in float64, in the form that never overflows: a cross-encoder's logits as 0 to 1."""
    small = np.exp(-np.abs(logits))
    return np.where(logits >= 0, 1.0, small) / (1.0 + small)
