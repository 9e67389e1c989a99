"""The encoder that runs an exported model: tokenise, run in batches, pool, normalise."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from onnx_models.encoder import Text
from onnx_models.pooling import normalised, pooled
from onnx_models.runtime import Runtime, Session, TokenBatch
from onnx_models.specs import Similarity
from onnx_models.tokenizer import TextTokenizer, cut_batches
from onnx_models.workers import Workers


class OnnxEncoder:
    """Turns texts into vectors with one exported model, on any backend. Safe to share between threads.

    Memory grows with the result alone: texts are tokenised and run a window at a time.
    """

    def __init__(
        self,
        tokenizer: TextTokenizer,
        session: Session,
        *,
        fingerprint: str,
        dimension: int,
        token_budget: int | None = None,
    ) -> None:
        self._tokenizer = tokenizer
        self._session = session
        self._workers = Workers(session.concurrency)
        self._fingerprint = fingerprint
        self._dimension = dimension
        self._budget = token_budget or session.token_budget

    @property
    def name(self) -> str:
        """The spec's name."""
        return self._tokenizer.spec.name

    @property
    def fingerprint(self) -> str:
        """Names the source weights, tokenizer and spec."""
        return self._fingerprint

    @property
    def dimension(self) -> int:
        """The width of a vector."""
        return self._dimension

    @property
    def similarity(self) -> Similarity:
        """How two of its vectors are compared."""
        return self._tokenizer.spec.similarity

    @property
    def runtime(self) -> Runtime:
        """What it really runs with."""
        return self._session.runtime

    def encode(self, texts: Sequence[Text]) -> NDArray[np.float32]:
        """One row a text, in the order given: float32 of shape (n, dimension)."""
        vectors = np.empty((len(texts), self._dimension), dtype=np.float32)
        start = 0
        for window in self._tokenizer.windows(texts):
            part = vectors[start : start + len(window)]

            def work(batch: TokenBatch, part: NDArray[np.float32] = part) -> None:
                part[batch.rows] = self._pooled(batch)

            self._workers.each(work, cut_batches(window, self._budget))
            start += len(window)
        return vectors

    def _pooled(self, batch: TokenBatch) -> NDArray[np.float32]:
        spec = self._tokenizer.spec
        vectors = pooled(self._session.run(batch), batch.mask, spec.pooling)
        return normalised(vectors) if spec.similarity == "cosine" else vectors
