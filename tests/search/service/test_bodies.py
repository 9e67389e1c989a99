"""Bodies that are too large, too slow, cut off or nobody's: refused while they arrive, and soon forgotten."""

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from search.service.bodies import LARGEST_HELD, BodiesBounded
from search.service.limits import Limits
from search.service.turning_away import SMALL
from tests.onnx_models import checkpoints
from tests.search.service import asking
from tests.search.service.running import server
from tests.search.service.serving import in_thread

MOST = 20_000
MUCH = 2 * SMALL
SCOPE: Scope = {"type": "http", "method": "POST", "path": "/v1/embeddings", "headers": []}
GOOD = json.dumps({"model": "minilm-query", "input": "insulin"}).encode()
FAR = 60.0
"""Seconds after which a test gives up."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    checkpoints.install(home, "minilm")
    return home


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    with server(home, "minilm", limits=Limits(body_bytes=MOST)) as url:
        yield url


def post(url: str, content: bytes | Iterator[bytes]) -> httpx.Response:
    headers = {"content-type": "application/json"}
    return httpx.post(f"{url}/v1/embeddings", content=content, headers=headers, timeout=FAR)


def exchanged(url: str, *sent: bytes) -> bytes:
    """All that the server says until it closes."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=FAR) as connection:
        for part in sent:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def still_answers(url: str) -> bool:
    return post(url, GOOD).status_code == 200


def test_a_body_that_says_that_it_is_too_large_is_refused_and_its_sender_told(url: str) -> None:
    refused = post(url, b"x" * 8_000_000)
    assert refused.status_code == 413
    assert refused.json()["error"]["message"].startswith("The body is larger than the 20,000 bytes")
    assert still_answers(url)


def test_a_body_without_a_length_is_refused_when_it_has_grown_too_large(url: str) -> None:
    refused = post(url, (b" " * 10_000 for _ in range(1_000)))
    assert refused.status_code == 413
    assert still_answers(url)


def test_a_body_in_pieces_is_read_whole(url: str) -> None:
    answer = post(url, (GOOD[at : at + 1] for at in range(len(GOOD))))
    assert answer.status_code == 200


def test_a_small_request_that_is_refused_keeps_its_connection(home: Path) -> None:
    """A body that is there with its headers, that is: nothing is waited for that may come late."""
    with in_thread(home, "minilm", keys=("the-key",)) as running, asking.connect(running.address) as connection:
        for body, kept in ((GOOD, None), (b" " * 100_000, "close")):
            connection.sendall(asking.post("/embed", body))
            refused = asking.receive(connection)
            assert (refused.status, refused.headers.get("connection")) == (401, kept)


def test_who_asks_before_sending_is_refused_before_sending(url: str) -> None:
    head = b"POST /embed HTTP/1.1\r\nhost: x\r\ncontent-length: 999999\r\nexpect: 100-continue\r\n\r\n"
    answer = exchanged(url, head)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"100 Continue" not in answer


def test_a_length_that_is_too_short_breaks_the_request_and_nothing_else(url: str) -> None:
    head = b"POST /v1/embeddings HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    answer = exchanged(url, head + b"content-length: 5\r\n\r\n" + GOOD)
    assert answer.startswith(b"HTTP/1.1 400")
    assert still_answers(url)


def test_a_length_that_is_too_long_is_waited_for_until_the_client_has_gone(url: str) -> None:
    head = b"POST /v1/embeddings HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    assert b"200 OK" not in exchanged(url, head + b"content-length: 19000\r\n\r\n" + GOOD)
    assert still_answers(url)


@pytest.mark.parametrize("length", [b"-1", b"9" * 40, b"ten", b"1e3"])
def test_a_length_that_is_none_is_refused(url: str, length: bytes) -> None:
    answer = exchanged(url, b"POST /embed HTTP/1.1\r\nhost: x\r\ncontent-length: " + length + b"\r\n\r\n" + GOOD)
    assert answer.startswith(b"HTTP/1.1 4")
    assert still_answers(url)


def test_a_body_that_stops_arriving_is_given_up(home: Path) -> None:
    with server(home, "minilm", limits=Limits(seconds=0.2)) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=FAR) as connection:
            connection.sendall(b"POST /embed HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
            assert connection.recv(65536).startswith(b"HTTP/1.1 408")


class Client:
    """One side of a connection, by hand: what it sends, whether it stays, and what it was answered."""

    def __init__(self, *body: bytes, stays: bool = True, reads: bool = True) -> None:
        self._messages: list[Message] = [{"type": "http.request", "body": part, "more_body": True} for part in body]
        self._stays = stays
        self._reads = reads
        self.status = 0
        self.body = b""

    async def receive(self) -> Message:
        if self._messages:
            return self._messages.pop(0)
        if self._stays:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    def ends(self) -> "Client":
        self._messages[-1]["more_body"] = False
        return self

    async def send(self, message: Message) -> None:
        if not self._reads:
            await asyncio.Event().wait()
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")


class Work:
    """An application that works until it is stopped."""

    def __init__(self) -> None:
        self.begun = self.stopped = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        self.begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped += 1


async def large_answer(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x" * 1_000_000})


def nothing() -> None:
    pass


def test_work_ends_when_its_client_has_gone() -> None:
    work = Work()
    bounded = BodiesBounded(work, limits=Limits(), refuse_if_full=nothing)
    client = Client(b"{}", stays=False).ends()
    asyncio.run(asyncio.wait_for(bounded(SCOPE, client.receive, client.send), FAR))
    assert (work.begun, work.stopped) == (1, 1)


def test_a_client_that_a_stopping_server_gives_up_is_told_so() -> None:
    """uvicorn cancels what still runs when the time for it is over, and would say 500 itself."""

    async def stopped() -> tuple[Client, Work]:
        work, client = Work(), Client(GOOD).ends()
        bounded = BodiesBounded(work, limits=Limits(), refuse_if_full=nothing)
        answering = asyncio.ensure_future(bounded(SCOPE, client.receive, client.send))
        while not work.begun:
            await asyncio.sleep(0)
        answering.cancel()
        await answering
        return client, work

    client, work = asyncio.run(asyncio.wait_for(stopped(), FAR))
    assert (client.status, json.loads(client.body)["error"]["code"]) == (503, "stopping")
    assert work.stopped == 1


def test_a_client_that_goes_before_its_body_is_there_begins_no_work() -> None:
    work = Work()
    bounded = BodiesBounded(work, limits=Limits(), refuse_if_full=nothing)
    client = Client(b"{", stays=False)
    asyncio.run(asyncio.wait_for(bounded(SCOPE, client.receive, client.send), FAR))
    assert (work.begun, client.status) == (0, 0)


def test_an_answer_that_nobody_reads_is_given_up() -> None:
    bounded = BodiesBounded(large_answer, limits=Limits(seconds=0.05), refuse_if_full=nothing)
    client = Client(b"{}", reads=False).ends()

    async def read_the_head_alone(message: Message) -> None:
        if message["type"] == "http.response.body":
            await client.send(message)

    asyncio.run(asyncio.wait_for(bounded(SCOPE, client.receive, read_the_head_alone), FAR))


def test_a_large_answer_arrives_whole() -> None:
    bounded = BodiesBounded(large_answer, limits=Limits(), refuse_if_full=nothing)
    client = Client(b"{}").ends()
    asyncio.run(asyncio.wait_for(bounded(SCOPE, client.receive, client.send), FAR))
    assert (client.status, client.body) == (200, b"x" * 1_000_000)


def test_bodies_in_memory_are_bounded_together_but_small_ones_always_come_in() -> None:
    """Otherwise a few clients that send large bodies and stop half way would keep everyone out."""

    async def every_one_at_once() -> list[int]:
        bounded = BodiesBounded(large_answer, limits=Limits(body_bytes=MUCH, seconds=FAR), refuse_if_full=nothing)
        clients = [Client(b"x" * MUCH) for _ in range(LARGEST_HELD)]
        held = [asyncio.ensure_future(bounded(SCOPE, each.receive, each.send)) for each in clients]
        await asyncio.sleep(0)
        one_more, small = Client(b"x" * (SMALL + 1)).ends(), Client(b"x" * SMALL).ends()
        for client in (one_more, small):
            await bounded(SCOPE, client.receive, client.send)
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)
        after = Client(b"x" * MUCH).ends()
        await bounded(SCOPE, after.receive, after.send)
        return [one_more.status, small.status, after.status]

    assert asyncio.run(asyncio.wait_for(every_one_at_once(), FAR)) == [429, 200, 200]
