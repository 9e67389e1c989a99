"""The threads that run one model over what waits for it, in batches that mix the texts of many requests."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnx_models.runtime import TokenBatch
from onnx_models.tokenizer import Tokens, padded
from search.service.waiting import Job, Pick, WaitingLine

Run = Callable[[TokenBatch, Sequence[object]], NDArray[Any]]
"""(batch, each row's companion) → one result a row."""

_MEMORY = 0.1
"""How much the newest batch counts in the measured speed."""


class Answer:
    """Where the results of one job gather; the future is done when all of them are there."""

    def __init__(self, job: Job, loop: asyncio.AbstractEventLoop) -> None:
        self.future: asyncio.Future[NDArray[Any]] = loop.create_future()
        self._loop = loop
        self._values: NDArray[Any] | None = None
        self._missing = len(job.tokens)

    def put(self, rows: Sequence[int], values: NDArray[Any]) -> None:
        """Some results have come; the caller holds the batcher's lock."""
        if self._values is None:
            self._values = np.empty((self._missing, *values.shape[1:]), dtype=values.dtype)
        self._values[rows] = values
        self._missing -= len(rows)
        if not self._missing:
            self._later(self._finish, self._values)

    def fail(self, error: Exception) -> None:
        """None will come."""
        self._later(self._break, error)

    def _later(self, call: Callable[[Any], None], value: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(call, value)

    def _finish(self, values: NDArray[Any]) -> None:
        if not self.future.done():
            self.future.set_result(values)

    def _break(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class Batcher:
    """One model at work: as many threads as it runs best with, each taking the next batch when it is free.

    Nothing waits for company: a text that comes to an idle model starts at once, and batches grow with the load.
    """

    def __init__(self, run: Run, *, threads: int, token_budget: int, name: str) -> None:
        self.token_budget = token_budget
        self._run = run
        self._line = WaitingLine(token_budget)
        self._lock = threading.Condition()
        self._answers: dict[Job, Answer] = {}
        self._is_closed = False
        self.seconds_per_token = 0.0
        """Measured over the last batches, with all threads at work; 0 until the first."""
        self._measured = 0
        self.batches = 0
        self.tokens = 0
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def warm_up(self, text: Tokens, companion: object) -> None:
        """Run one whole batch of this text, in the calling thread: memory is allocated, and the speed known roughly.

        Raises:
            ModelError: the model cannot be run.
        """
        job = Job(0)
        job.fill([text] * max(1, self.token_budget // len(text.ids)), companion)
        picks = [Pick(job, row) for row in range(len(job.tokens))]
        started = time.perf_counter()
        self._run(_batch(picks), [companion] * len(picks))
        self._learn((time.perf_counter() - started) / job.left / len(self._threads))

    async def results(self, job: Job) -> NDArray[Any]:
        """One result a text of a job that was filled with at least one, in the job's order.

        Cancelling gives up what no thread has begun.

        Raises:
            ModelError: the model could not run a batch with texts of it.
        """
        answer = Answer(job, asyncio.get_running_loop())
        with self._lock:
            self._answers[job] = answer
            self._line.add(job)
            self._lock.notify(min(len(self._threads), len(job.rows)))
        try:
            return await answer.future
        finally:
            with self._lock:
                self._line.discard(job)
                self._answers.pop(job, None)

    def close(self) -> None:
        """Let the threads finish the batches that they have begun, and take no other."""
        with self._lock:
            self._is_closed = True
            self._lock.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while picks := self._next():
            started = time.perf_counter()
            try:
                values = self._run(_batch(picks), [pick.job.companion for pick in picks])
                self._hand_out(picks, values, time.perf_counter() - started)
            except Exception as error:  # noqa: BLE001  # it belongs to the requests that wait for it
                self._hand_out_error(picks, error)

    def _next(self) -> list[Pick]:
        """The next batch, when there is one; empty when the batcher is closed."""
        with self._lock:
            while not self._is_closed:
                if picks := self._line.take():
                    return picks
                self._lock.wait()
            return []

    def _hand_out(self, picks: list[Pick], values: NDArray[Any], seconds: float) -> None:
        tokens = sum(len(pick.job.tokens[pick.row].ids) for pick in picks)
        with self._lock:
            self._learn(seconds / tokens / len(self._threads))
            self.batches += 1
            self.tokens += tokens
            for job, places in _by_job(picks).items():
                if (answer := self._answers.get(job)) is not None:
                    rows = [picks[place].row for place in places]
                    job.left -= sum(len(job.tokens[row].ids) for row in rows)
                    answer.put(rows, values[places])

    def _hand_out_error(self, picks: list[Pick], error: Exception) -> None:
        with self._lock:
            for job in _by_job(picks):
                if (answer := self._answers.get(job)) is not None:
                    answer.fail(error)

    def _learn(self, newest: float) -> None:
        self._measured += 1
        weight = max(_MEMORY, 1 / self._measured)
        self.seconds_per_token += weight * (newest - self.seconds_per_token)


def _batch(picks: list[Pick]) -> TokenBatch:
    return padded([pick.job.tokens[pick.row] for pick in picks], range(len(picks)))


def _by_job(picks: list[Pick]) -> dict[Job, list[int]]:
    """Job → the places of its texts in the batch."""
    places: dict[Job, list[int]] = {}
    for place, pick in enumerate(picks):
        places.setdefault(pick.job, []).append(place)
    return places
