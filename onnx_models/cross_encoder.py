"""The re-ranker that reads query and passage at once, and gives the model's raw logit.

`score` does it all; `read` and `run` do it in two steps, for a server that mixes the pairs of many callers.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from onnx_models.errors import UnsuitableModel
from onnx_models.reranker import RerankerKind
from onnx_models.runtime import Runtime, Session, TokenBatch
from onnx_models.tokenizer import Reading, TextTokenizer
from onnx_models.workers import Workers


class CrossEncoder:
    """Scores (query, title + separator + abstract) pairs: `[CLS] query [SEP] passage [SEP]`, packed.

    The score is the logit, with no sigmoid: MedCPT's reach beyond ±10, where a sigmoid gives 0 or 1 for all.
    A model with two labels (no, yes) scores by their difference, the log-odds of yes.
    """

    def __init__(
        self, tokenizer: TextTokenizer, session: Session, *, labels: int, token_budget: int | None = None
    ) -> None:
        if labels not in (1, 2):
            problem = f"it has {labels} labels; a re-ranker has 1, or 2 (no and yes)"
            raise UnsuitableModel(model=tokenizer.spec.name, problem=problem)
        self._tokenizer = tokenizer
        self._session = session
        self._workers = Workers(session.concurrency)
        self._budget = token_budget or session.token_budget

    @property
    def name(self) -> str:
        """The spec's name."""
        return self._tokenizer.spec.name

    @property
    def kind(self) -> RerankerKind:
        """Always `cross`."""
        return "cross"

    @property
    def runtime(self) -> Runtime:
        """What it really runs with."""
        return self._session.runtime

    @property
    def max_tokens(self) -> int:
        """A pair is cut to so many tokens."""
        return self._tokenizer.max_tokens

    @property
    def token_budget(self) -> int:
        """The batch size, in tokens, that it runs fastest with, unless one was asked for."""
        return self._budget

    @property
    def concurrency(self) -> int:
        """How many `run`s at the same time, from different threads, use the machine best."""
        return self._session.concurrency

    def score(self, query: str, passages: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """One logit a passage, in the order given; texts too long for the model lose their ends."""
        scores = np.empty(len(passages), dtype=np.float32)
        self._workers.fill(scores, self._tokenizer.pair_windows(query, passages), self.run, self._budget)
        return scores

    def read(self, query: str, passages: Sequence[tuple[str, str]]) -> Reading:
        """The first step: pairs to tokens, in the order given."""
        return self._tokenizer.read_pairs(query, passages)

    def run(self, batch: TokenBatch) -> NDArray[np.float32]:
        """The second step: one batch, of any pairs that were read, to logits of shape (batch,)."""
        return _relevance(self._session.run(batch))


def _relevance(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]
