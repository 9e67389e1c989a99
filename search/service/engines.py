"""How a request's texts become a model's tokens, and batches of these its numbers: encoder, cross-encoder, late."""

import threading
from collections.abc import Sequence
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from onnx_models.cross_encoder import CrossEncoder
from onnx_models.encoder import as_passage
from onnx_models.late_interaction import LateInteraction
from onnx_models.onnx_encoder import OnnxEncoder
from onnx_models.runtime import TokenBatch
from onnx_models.tokenizer import Reading


class Engine(Protocol):
    """A model in two steps. Safe to share between threads."""

    def read(self, query: str, texts: Sequence[str]) -> Reading:
        """Texts to tokens, in the order given; an encoder has no query."""

    def companion(self, query: str) -> object:
        """What each row of a request takes along into its run."""

    def run(self, batch: TokenBatch, companions: Sequence[object]) -> NDArray[Any]:
        """One result a row, whatever requests the rows are of."""

    def tokens_beside(self, companion: object) -> int:
        """How many tokens are read for a row beside its own; known once the row was run."""


class QueryEngine:
    """An encoder of queries: a text is read as it is."""

    def __init__(self, encoder: OnnxEncoder) -> None:
        self._encoder = encoder

    def read(self, query: str, texts: Sequence[str]) -> Reading:
        """Each text's tokens."""
        return self._encoder.read(texts)

    def companion(self, query: str) -> None:
        """Nothing."""

    def run(self, batch: TokenBatch, companions: Sequence[object]) -> NDArray[np.float32]:
        """A vector a row."""
        return self._encoder.run(batch)

    def tokens_beside(self, companion: object) -> int:
        """None."""
        return 0


class ArticleEngine(QueryEngine):
    """An encoder of articles: a text's first line is the title."""

    def read(self, query: str, texts: Sequence[str]) -> Reading:
        """Each article's tokens."""
        return self._encoder.read([as_passage(text) for text in texts])


class CrossEngine:
    """A cross-encoder: query and document are read as one."""

    def __init__(self, reranker: CrossEncoder) -> None:
        self._reranker = reranker

    def read(self, query: str, texts: Sequence[str]) -> Reading:
        """Each pair's tokens."""
        return self._reranker.read(query, [as_passage(text) for text in texts])

    def companion(self, query: str) -> None:
        """Nothing: the query is among a row's tokens."""

    def run(self, batch: TokenBatch, companions: Sequence[object]) -> NDArray[np.float32]:
        """A logit a row."""
        return self._reranker.run(batch)

    def tokens_beside(self, companion: object) -> int:
        """None."""
        return 0


class LateEngine:
    """Late interaction: documents are read alone, and their states compared with those of the query."""

    def __init__(self, reranker: LateInteraction) -> None:
        self._reranker = reranker

    def read(self, query: str, texts: Sequence[str]) -> Reading:
        """Each document's tokens."""
        return self._reranker.read([as_passage(text) for text in texts])

    def companion(self, query: str) -> "Question":
        """The query, whose states are computed with the request's first batch."""
        return Question(self._reranker, query)

    def run(self, batch: TokenBatch, companions: Sequence[object]) -> NDArray[np.float32]:
        """A mean cosine a row."""
        questions = cast(Sequence[Question], companions)  # no others are given out above
        return self._reranker.run(batch, [question.states() for question in questions])

    def tokens_beside(self, companion: object) -> int:
        """The query's."""
        return len(cast(Question, companion).states())  # as above


class Question:
    """A query whose token states are computed once, when first asked for."""

    def __init__(self, reranker: LateInteraction, text: str) -> None:
        self._reranker = reranker
        self._text = text
        self._states: NDArray[np.float32] | None = None
        self._lock = threading.Lock()

    def states(self) -> NDArray[np.float32]:
        """Unit vectors of shape (tokens, hidden)."""
        with self._lock:
            if self._states is None:
                self._states = self._reranker.query_states(self._text)
            return self._states
