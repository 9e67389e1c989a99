"""Run one function over many batches, several at a time."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnx_models.runtime import TokenBatch
from onnx_models.tokenizer import Tokens, cut_batches


class Workers:
    """A fixed number of threads, shared by all callers, so that many callers do not mean many threads."""

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="onnx_models") if count > 1 else None

    def fill(
        self,
        results: NDArray[np.float32],
        windows: Iterable[Sequence[Tokens]],
        run: Callable[[TokenBatch], NDArray[Any]],
        token_budget: int,
    ) -> None:
        """Put into `results` what `run` makes of each text of these windows, in their order."""
        start = 0
        for window in windows:
            part = results[start : start + len(window)]

            def work(batch: TokenBatch, part: NDArray[np.float32] = part) -> None:
                part[batch.rows] = run(batch)

            self.each(work, cut_batches(window, token_budget))
            start += len(window)

    def each(self, work: Callable[[TokenBatch], None], batches: Iterable[TokenBatch]) -> None:
        """Call `work` once a batch; returns when all are done, or raises the first error and drops the rest."""
        pending = list(batches)
        if self._pool is None or len(pending) == 1:
            for batch in pending:
                work(batch)
            return
        futures = [self._pool.submit(work, batch) for batch in pending]
        try:
            for future in futures:
                future.result()
        finally:
            for future in futures:
                future.cancel()
