"""The encoder that runs an exported model: tokenise, run in batches, pool, normalise.

`encode` does it all; `read` and `run` do it in two steps, for a server that mixes the texts of many callers.
"""

import logging
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from onnx_models.encoder import Text
from onnx_models.errors import UnsuitableModel
from onnx_models.pooling import normalised, pooled
from onnx_models.runtime import Runtime, Session, TokenBatch
from onnx_models.specs import Similarity
from onnx_models.tokenizer import Reading, TextTokenizer
from onnx_models.workers import Workers

log = logging.getLogger(__name__)


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
        self._warned = False

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

    @property
    def max_tokens(self) -> int:
        """A text is cut after so many tokens."""
        return self._tokenizer.max_tokens

    @property
    def token_budget(self) -> int:
        """The batch size, in tokens, that it runs fastest with, unless one was asked for."""
        return self._budget

    @property
    def concurrency(self) -> int:
        """How many `run`s at the same time, from different threads, use the machine best."""
        return self._session.concurrency

    def encode(self, texts: Sequence[Text]) -> NDArray[np.float32]:
        """One row a text, in the order given: float32 of shape (n, dimension)."""
        if self._tokenizer.spec.role == "query" and not self._warned:
            self._warn_of_truncation(texts)
        vectors = np.empty((len(texts), self._dimension), dtype=np.float32)
        self._workers.fill(vectors, self._tokenizer.windows(texts), self.run, self._budget)
        return vectors

    def truncated(self, texts: Sequence[Text]) -> list[bool]:
        """Whether each text has more tokens than the model reads, so that its end does not count."""
        return self._tokenizer.truncated(texts)

    def read(self, texts: Sequence[Text]) -> Reading:
        """The first step: texts to tokens, in the order given, without a warning of what is cut."""
        return self._tokenizer.read(texts)

    def run(self, batch: TokenBatch) -> NDArray[np.float32]:
        """The second step: one batch, of any texts that were read, to vectors; float32 of (batch, dimension)."""
        spec = self._tokenizer.spec
        vectors = pooled(self._session.run(batch), batch.mask, spec.pooling)
        if vectors.shape[1] != self._dimension:
            problem = f"its graph gives {vectors.shape[1]} dimensions, its model.json says {self._dimension}"
            raise UnsuitableModel(model=self.name, problem=problem)
        return normalised(vectors) if spec.similarity == "cosine" else vectors

    def _warn_of_truncation(self, texts: Sequence[Text]) -> None:
        if any(self.truncated(texts)):
            self._warned = True
            message = "A query is longer than %s reads: its first %d tokens count (said once)"
            log.warning(message, self.name, self._tokenizer.max_tokens)
