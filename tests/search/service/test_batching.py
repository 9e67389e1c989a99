"""A batcher over a function that adds up token ids: what is mixed, given up, and failed."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from onnx_models.errors import ModelRunFailed
from onnx_models.runtime import TokenBatch
from onnx_models.tokenizer import Tokens
from search.service.batching import Batcher, Run
from search.service.waiting import Job
from tests.search.service.serving import until

POISON = 666


class Adder:
    """Adds up each row's ids and its companion; runs only while its gate is open."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.batches: list[list[list[int]]] = []

    def __call__(self, batch: TokenBatch, companions: Sequence[Any]) -> NDArray[np.int64]:
        self.batches.append([row[mask == 1].tolist() for row, mask in zip(batch.ids, batch.mask, strict=True)])
        assert self.gate.wait(60)
        if (batch.ids == POISON).any():
            raise ModelRunFailed(graph="sum.onnx", shape=batch.ids.shape, reason="poison")
        return np.array([row.sum() + more for row, more in zip(batch.ids, companions, strict=True)])


@contextmanager
def batching(run: Run, *, threads: int = 1, budget: int = 64) -> Iterator[Batcher]:
    with closing(Batcher(run, threads=threads, token_budget=budget, name="adder")) as batcher:
        yield batcher


def a_job(*texts: list[int], companion: int = 0) -> Job:
    job = Job(0)
    job.fill([Tokens(ids, [0] * len(ids)) for ids in texts], companion)
    return job


def begun(adder: Adder, count: int) -> Callable[[], bool]:
    return lambda: len(adder.batches) >= count


def test_each_request_gets_its_own_results_in_its_own_order() -> None:
    adder = Adder()
    adder.gate.set()
    rng = np.random.default_rng(7)
    texts = [[rng.integers(1, 500, rng.integers(1, 40)).tolist() for _ in range(9)] for _ in range(40)]

    async def asked() -> list[NDArray[Any]]:
        jobs = [a_job(*each, companion=number) for number, each in enumerate(texts)]
        return await asyncio.gather(*[batcher.results(job) for job in jobs])

    with batching(adder, threads=3) as batcher:
        for number, (mine, results) in enumerate(zip(texts, asyncio.run(asked()), strict=True)):
            assert results.tolist() == [sum(text) + number for text in mine]
    assert len(adder.batches) < 40 * 9


def test_texts_that_wait_together_run_together() -> None:
    adder = Adder()

    async def asked() -> None:
        first = asyncio.ensure_future(batcher.results(a_job([1])))
        await asyncio.to_thread(until, begun(adder, 1), "a first batch")
        others = [asyncio.ensure_future(batcher.results(a_job([number, number]))) for number in range(2, 12)]
        await asyncio.sleep(0)
        adder.gate.set()
        await asyncio.gather(first, *others)

    with batching(adder) as batcher:
        asyncio.run(asked())
    assert [len(batch) for batch in adder.batches] == [1, 10]


def test_what_a_cancelled_request_still_waited_for_is_not_computed() -> None:
    adder = Adder()

    async def asked() -> None:
        first = asyncio.ensure_future(batcher.results(a_job([1])))
        await asyncio.to_thread(until, begun(adder, 1), "a first batch")
        given_up = a_job([5], [5, 5], [5, 5, 5])
        waiting = asyncio.ensure_future(batcher.results(given_up))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert given_up.left == 0
        last = asyncio.ensure_future(batcher.results(a_job([9])))
        await asyncio.sleep(0)
        adder.gate.set()
        await asyncio.gather(first, last)

    with batching(adder) as batcher:
        asyncio.run(asked())
    assert adder.batches == [[[1]], [[9]]]


def test_a_failing_batch_fails_its_requests_and_no_others() -> None:
    adder = Adder()
    adder.gate.set()

    async def asked() -> list[Any]:
        jobs = [a_job([POISON] * 64), a_job([2] * 64), a_job([3])]
        return list(await asyncio.gather(*[batcher.results(job) for job in jobs], return_exceptions=True))

    with batching(adder) as batcher:
        failed, sound, later = asyncio.run(asked())
    assert isinstance(failed, ModelRunFailed)
    assert (sound.tolist(), later.tolist()) == ([128], [3])


def test_closing_waits_for_the_batch_that_runs() -> None:
    adder = Adder()
    batcher = Batcher(adder, threads=1, token_budget=64, name="adder")

    async def asked() -> int:
        running = asyncio.ensure_future(batcher.results(a_job([4])))
        await asyncio.to_thread(until, begun(adder, 1), "a batch")
        closing = asyncio.ensure_future(asyncio.to_thread(batcher.close))
        adder.gate.set()
        await closing
        return int((await running)[0])

    assert asyncio.run(asked()) == 4


def test_the_speed_is_known_from_the_start() -> None:
    adder = Adder()
    adder.gate.set()
    with batching(adder) as batcher:
        batcher.warm_up(Tokens([1] * 10, [0] * 10), 0)
        assert batcher.seconds_per_token > 0
    assert adder.batches == [[[1] * 10] * 6]
