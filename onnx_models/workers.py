"""Run one function over many batches, several at a time."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from onnx_models.runtime import TokenBatch


class Workers:
    """A fixed number of threads, shared by all callers, so that many callers do not mean many threads."""

    def __init__(self, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="onnx_models") if count > 1 else None

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
