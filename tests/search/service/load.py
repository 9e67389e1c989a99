"""A load on a server, offered at a rate whatever the server makes of it, and what became of each request."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from tests.search.service.asking import Answer, ask_async

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Window:
    """What happened in some seconds."""

    seconds: float = 0.0
    accepted: list[float] = field(default_factory=list)
    """Seconds that each answer took."""
    refused: list[float] = field(default_factory=list)
    others: Counter[int] = field(default_factory=Counter)
    """Answers that are neither 200 nor 429."""
    without_advice: int = 0
    """Refusals that do not say when to ask again."""

    @property
    def p95(self) -> float:
        """Of the accepted, in seconds; there have to be two at least."""
        return statistics.quantiles(self.accepted, n=20, method="inclusive")[-1]

    def count(self, answer: Answer, seconds: float) -> None:
        """One more."""
        match answer.status:
            case 200:
                self.accepted.append(seconds)
            case 429:
                self.refused.append(seconds)
                self.without_advice += not answer.headers.get("retry-after", "").isdecimal()
            case other:
                self.others[other] += 1


def alone(address: tuple[str, int], request: bytes, seconds: float) -> Window:
    """One client that asks, waits for the answer, and asks again, three times at least."""

    async def asking() -> Window:
        window, load = Window(), _Load(address, request)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end or len(window.accepted) + len(window.refused) < 3:
            await load.one(window)
        await load.close()
        return window

    return _timed(asking())


def at_rate(address: tuple[str, int], request: bytes, rate: float, seconds: float) -> Window:
    """So many requests a second, at even distances, whether those before were answered or not."""

    async def asking() -> Window:
        window, load = Window(), _Load(address, request)
        start = time.perf_counter()
        tasks = []
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
            tasks.append(asyncio.ensure_future(load.one(window)))
        await asyncio.gather(*tasks)
        await load.close()
        return window

    return _timed(asking())


def _timed(asking: Coroutine[Any, Any, Window]) -> Window:
    started = time.perf_counter()
    window = asyncio.run(asking)
    window.seconds = time.perf_counter() - started
    return window


class _Load:
    """The same request again and again, over connections that are used again."""

    def __init__(self, address: tuple[str, int], request: bytes) -> None:
        self._address = address
        self._request = request
        self._free: list[Connection] = []

    async def one(self, window: Window) -> None:
        started = time.perf_counter()
        connection = self._free.pop() if self._free else await asyncio.open_connection(*self._address)
        answer = await ask_async(*connection, self._request)
        window.count(answer, time.perf_counter() - started)
        if answer.headers.get("connection") == "close":
            connection[1].close()
        else:
            self._free.append(connection)

    async def close(self) -> None:
        for _, writer in self._free:
            writer.close()
            await writer.wait_closed()
