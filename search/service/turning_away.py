"""Answer a request whose body has not been read, so that its client gets to see the answer.

A client that is still sending sees a closed connection as a fault of the network, and may send all of it again.
So the answer goes out whole, what still arrives is thrown away for a while, and only then the connection closes.
A small body has mostly arrived already: then the connection stays, and the client may use it to ask again.
"""

import asyncio

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from search.service.refusals import refusal

PATIENCE = 5.0
"""Seconds for which what still arrives is thrown away."""
SMALL = 2**16
"""Bytes of a body that are worth a moment's wait before the answer."""
MOMENT = 0.05
"""Seconds."""


async def turn_away(scope: Scope, receive: Receive, send: Send, error: Exception, *, is_read: bool = False) -> None:
    """Send the error in the words of the path's API, and close unless all of the body was read."""
    answer = refusal(scope["path"], error)
    if is_read or (_is_small(scope) and await _thrown_away(receive, MOMENT)):
        await answer(scope, receive, send)
        return
    answer.headers["connection"] = "close"

    async def held_open(message: Message) -> None:
        await send({**message, "more_body": True} if message["type"] == "http.response.body" else message)

    await answer(scope, receive, held_open)
    await _thrown_away(receive, PATIENCE)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _is_small(scope: Scope) -> bool:
    """Whether the body says so, and its client does not wait to be told to send it."""
    headers = Headers(scope=scope)
    length = headers.get("content-length", "" if "transfer-encoding" in headers else "0")
    return length.isdecimal() and len(length) <= len(str(SMALL)) and int(length) <= SMALL and "expect" not in headers


async def _thrown_away(receive: Receive, seconds: float) -> bool:
    """Whether the rest of the body arrived in time, or its client went."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive()).get("more_body", False):
                pass
    except TimeoutError:
        return False
    return True
