"""Bodies are read whole before a route sees them, within bounds of size and time; work ends when its client goes."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search.service.errors import Overloaded, ServiceError, Stopping
from search.service.limits import Limits
from search.service.request_errors import BodyTooLarge, SlowBody
from search.service.turning_away import SMALL, turn_away

LARGEST_HELD = 8
"""How many bodies of the largest size may be in memory at once; others count by their bytes, small ones come in."""
SLICE = 2**18
"""Bytes of an answer that are handed to the server at once; it takes the next when the client has read them."""


class ClientGone(Exception):
    """The client closed the connection before its body had arrived."""


class BodiesBounded:
    """Refuses a body that is too large while it arrives, whatever its Content-Length says, and one that is too slow."""

    def __init__(self, app: ASGIApp, *, limits: Limits, refuse_if_full: Callable[[], None]) -> None:
        self._app = app
        self._limits = limits
        self._refuse_if_full = refuse_if_full
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, or answer why not."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        body = _Body()
        try:
            self._refuse_if_full()
            self._refuse_declared(Headers(scope=scope).get("content-length", ""))
            await self._read(receive, body)
            await self._answer(scope, body.whole(), receive, send)
        except ClientGone:
            pass
        except ServiceError as error:
            await turn_away(scope, receive, send, error, is_read=body.is_complete)
        finally:
            self._held -= body.size

    def _refuse_declared(self, length: str) -> None:
        if length.isdecimal() and (len(length) > 18 or int(length) > self._limits.body_bytes):
            raise BodyTooLarge(self._limits.body_bytes)

    async def _read(self, receive: Receive, body: "_Body") -> None:
        try:
            async with asyncio.timeout(self._limits.seconds):
                while not body.is_complete:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ClientGone
                    body.is_complete = not message.get("more_body", False)
                    self._take(message.get("body", b""), body)
        except TimeoutError:
            raise SlowBody(self._limits.seconds) from None

    def _take(self, chunk: bytes, body: "_Body") -> None:
        if body.size + len(chunk) > self._limits.body_bytes:
            raise BodyTooLarge(self._limits.body_bytes)
        if body.size + len(chunk) > SMALL and self._held + len(chunk) > LARGEST_HELD * self._limits.body_bytes:
            raise Overloaded(retry_after=1)
        body.add(chunk)
        self._held += len(chunk)

    async def _answer(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """Run the app until it has answered or nobody waits for the answer."""
        outlet = _Outlet(send, self._limits.seconds)
        work = asyncio.ensure_future(self._app(scope, _Replay(body, receive), outlet))
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if work.done() or outlet.complete:
                await work
        except ClientTooSlow:
            pass  # the server closes a connection whose answer was not sent whole
        except asyncio.CancelledError:  # the server stops, and the time for what still runs is over
            if outlet.begun:
                raise
            await turn_away(scope, receive, send, Stopping(), is_read=True)  # now: the loop ends next
        finally:
            gone.cancel()
            work.cancel()
            with suppress(asyncio.CancelledError):  # once more, when the loop ends
                await asyncio.gather(work, gone, return_exceptions=True)


class _Body:
    """A body as it arrives."""

    def __init__(self) -> None:
        self.size = 0
        """Bytes that have arrived."""
        self.is_complete = False
        self._parts: list[bytes] = []

    def add(self, part: bytes) -> None:
        """Some more of it."""
        self.size += len(part)
        self._parts.append(part)

    def whole(self) -> bytes:
        """All of it; to be had once, so that it is not kept twice."""
        whole = b"".join(self._parts)
        self._parts.clear()
        return whole


class ClientTooSlow(Exception):
    """The client had not read the answer when the time limit passed."""


class _Replay:
    """The body once more for the app, and after it whatever the connection says."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


class _Outlet:
    """Sends a large answer in slices, so that what a slow reader leaves lies in memory once, and not for ever."""

    def __init__(self, send: Send, seconds: float) -> None:
        self._send = send
        self._seconds = seconds
        self.begun = self.complete = False

    async def __call__(self, message: Message) -> None:
        self.begun = True
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        try:
            async with asyncio.timeout(self._seconds):
                for start in range(0, len(body) or 1, SLICE):
                    last = start + SLICE >= len(body)
                    await self._send({**message, "body": body[start : start + SLICE], "more_body": more or not last})
        except TimeoutError:
            raise ClientTooSlow from None
        self.complete = not more


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
