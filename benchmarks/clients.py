"""Clients of a server on this machine: so many at a time, each on a connection of its own, until all is asked."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

HOST = "127.0.0.1"

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Refused(Exception):
    """An answer that is no 200."""


def post(path: str, body: object) -> bytes:
    """A whole request."""
    said = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: application/json\r\ncontent-length: {len(said)}\r\n\r\n"
    )
    return head.encode() + said


def seconds(port: int, requests: Sequence[bytes], clients: int) -> float:
    """How long so many clients take to have all requests answered, each asking the next when it has its answer.

    Raises:
        Refused: an answer is no 200.
    """

    async def client(waiting: Iterator[bytes]) -> None:
        connection = await asyncio.open_connection(HOST, port)
        for request in waiting:
            await _asked(connection, request)
        connection[1].close()

    async def all_of_them() -> float:
        waiting = iter(requests)
        started = time.perf_counter()
        await asyncio.gather(*[client(waiting) for _ in range(clients)])
        return time.perf_counter() - started

    return asyncio.run(all_of_them())


def latencies(port: int, request: bytes, times: int) -> list[float]:
    """Seconds of each answer to one client that asks the same again and again."""

    async def asking() -> list[float]:
        connection = await asyncio.open_connection(HOST, port)
        found = []
        for _ in range(times):
            started = time.perf_counter()
            await _asked(connection, request)
            found.append(time.perf_counter() - started)
        connection[1].close()
        return found

    return asyncio.run(asking())


def answer(port: int, request: bytes) -> Any:
    """The JSON that comes back."""

    async def asking() -> bytes:
        connection = await asyncio.open_connection(HOST, port)
        body = await _asked(connection, request)
        connection[1].close()
        return body

    return json.loads(asyncio.run(asking()))


async def _asked(connection: Connection, request: bytes) -> bytes:
    reader, writer = connection
    writer.write(request)
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    status, *headers = head.split("\r\n")
    lengths = [line.partition(":")[2] for line in headers if line.lower().startswith("content-length:")]
    body = await reader.readexactly(int(lengths[0]))
    if status.split()[1] != "200":
        raise Refused(f"{status}: {body[:200].decode(errors='replace')}")
    return body
