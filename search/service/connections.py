"""Connections that keep the server waiting are closed: uvicorn's protocol with a clock and a bound on their number.

A client may be slow to send its headers, its body, or to read its answer, and each time it holds a connection.
Headers have a time limit here (uvicorn has none); those on bodies and answers stand in `bodies.py`.
When all connections are taken, a new one gets the place of the one that has kept the server waiting longest, so that
any number of idle or slow clients keeps nobody else out.
"""

import asyncio
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from search.service.limits import Limits

_MOST_HEADER_BYTES = 2**16
_LINGER = 1.0
"""Seconds for which what a refused client still sends is thrown away."""

_TOO_SLOW = (408, "Request Timeout", "The request's headers did not arrive in time.")
_TOO_LONG = (431, "Request Header Fields Too Large", "The request's headers are longer than 64 KiB.")
_FULL = (503, "Service Unavailable", "The server has as many connections as it takes. Ask again in 1 s.")


class ConnectionConfig(uvicorn.Config):
    """uvicorn's configuration, with our limits for each connection to read."""

    def __init__(self, app: Any, limits: Limits) -> None:
        super().__init__(
            app,
            http=Connection,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=min(2048, limits.connections),
            timeout_keep_alive=limits.idle_seconds,
            timeout_graceful_shutdown=limits.stopping_seconds,
        )
        self.limits = limits


class Connection(HttpToolsProtocol):
    """One connection, which knows since when its client is expected to do something."""

    def __init__(self, config: ConnectionConfig, server_state: ServerState, app_state: Any, _loop: Any = None) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = config.limits
        self._deadline: asyncio.TimerHandle | None = None
        """When the headers have to be there."""
        self._stall: asyncio.TimerHandle | None = None
        """When what was sent has to be read."""
        self._header_bytes = 0
        """Of a request whose headers are not complete; 0 otherwise."""
        self._is_refused = False
        self.awaited_since: float | None = None
        """Since when the client is expected to send or to read; None while it is the server's turn."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """A client has come; it may take another's place."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections and not self._takes_a_place():
            self._refuse(_FULL, "retry-after: 1\r\n")
            return
        self.awaited_since = self.loop.time()
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended, whoever ended it."""
        self.awaited_since = None
        self._forget_deadline()
        self._forget_stall()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some of a request has come."""
        if self._is_refused:
            return
        was_in_headers = self._header_bytes
        super().data_received(data)
        if self.transport.is_closing():
            return
        if was_in_headers and self._header_bytes:
            self._header_bytes += len(data)
            if self._header_bytes > _MOST_HEADER_BYTES:
                self._refuse(_TOO_LONG)
        if self.cycle is None or self.cycle.response_complete:
            self._expect_headers()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._header_bytes = 1
        self.awaited_since = self.loop.time()

    def on_headers_complete(self) -> None:
        """The body comes next."""
        self._header_bytes = 0
        self._forget_deadline()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is here: it is the server's turn."""
        super().on_message_complete()
        if not self.flow.write_paused:
            self.awaited_since = None

    def on_response_complete(self) -> None:
        """The answer is written: it is the client's turn again."""
        super().on_response_complete()
        self.awaited_since = self.loop.time()

    def shutdown(self) -> None:
        """The server stops: a request that is not here yet will not be answered."""
        if self.cycle is not None and self.cycle.more_body and not self.cycle.response_complete:
            self.transport.abort()
        else:
            super().shutdown()

    def pause_writing(self) -> None:
        """The client does not read as fast as the server writes."""
        super().pause_writing()
        self.awaited_since = self.loop.time()
        self._forget_stall()
        self._stall = self.loop.call_later(self._limits.seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It has read most of it."""
        super().resume_writing()
        self._forget_stall()
        if self.cycle is not None and not self.cycle.response_complete:
            self.awaited_since = None

    def _takes_a_place(self) -> bool:
        """Close the connection that has kept the server waiting longest; False if all are being answered."""
        waiting = [each for each in self.connections if isinstance(each, Connection) and each.awaited_since is not None]
        if not waiting:
            return False
        longest = min(waiting, key=lambda each: each.awaited_since or 0.0)
        longest.awaited_since = None
        longest.transport.abort()
        return True

    def _expect_headers(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self._limits.header_seconds, self._headers_missed)

    def _headers_missed(self) -> None:
        self._deadline = None
        if self._header_bytes:
            self._refuse(_TOO_SLOW)
        else:
            self.transport.abort()

    def _refuse(self, answer: tuple[int, str, str], more: str = "") -> None:
        """Answer what no application has seen, and close.

        A while later, that is: a client that is still sending when a connection closes may never read the answer.
        """
        status, phrase, text = answer
        head = f"HTTP/1.1 {status} {phrase}\r\ncontent-type: text/plain; charset=utf-8\r\n{more}"
        self.transport.write(f"{head}content-length: {len(text)}\r\nconnection: close\r\n\r\n{text}".encode("ascii"))
        if len(self.connections) > 2 * self._limits.connections:
            self.transport.abort()
            return
        self._is_refused = True
        self.transport.write_eof()
        self._forget_deadline()
        self._deadline = self.loop.call_later(_LINGER, self.transport.abort)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _forget_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
