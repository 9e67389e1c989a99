"""The encoder protocol: texts in, vectors out; and its ONNX implementation's door."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from onnx_models.specs import Similarity

Text = str | tuple[str, str]
"""A plain text (a query), or a passage: (title, abstract), either of which may be empty."""


def as_passage(text: str) -> tuple[str, str]:
    """A plain text as (title, abstract): its first line, and the rest."""
    title, _, abstract = text.strip().partition("\n")
    return title.strip(), abstract.strip()


class Encoder(Protocol):
    """Turns texts into vectors. Safe to share between threads."""

    @property
    def name(self) -> str:
        """The spec's name, such as `medcpt-article`."""

    @property
    def fingerprint(self) -> str:
        """Names the source weights, tokenizer and spec; the same for every precision and backend."""

    @property
    def dimension(self) -> int:
        """The width of a vector."""

    @property
    def similarity(self) -> Similarity:
        """How two of its vectors are compared."""

    def encode(self, texts: Sequence[Text]) -> NDArray[np.float32]:
        """One row a text, in the order given: float32 of shape (n, dimension); (0, dimension) for no texts."""
