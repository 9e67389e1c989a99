"""Answer a request whose body has not been read, so that its client gets to see the answer.

A client that is still sending sees a closed connection as a fault of the network, and may send all of it again.
So the answer goes out whole, what still arrives is thrown away for a while, and only then the connection closes.
"""

import asyncio

from starlette.types import Message, Receive, Scope, Send

from search.service.refusals import refusal

PATIENCE = 5.0
"""Seconds for which what still arrives is thrown away."""


async def turn_away(scope: Scope, receive: Receive, send: Send, error: Exception) -> None:
    """Send the error in the words of the path's API; then close."""
    answer = refusal(scope["path"], error)
    answer.headers["connection"] = "close"

    async def held_open(message: Message) -> None:
        await send({**message, "more_body": True} if message["type"] == "http.response.body" else message)

    await answer(scope, receive, held_open)
    try:
        async with asyncio.timeout(PATIENCE):
            while (await receive()).get("more_body", False):
                pass
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b"", "more_body": False})
