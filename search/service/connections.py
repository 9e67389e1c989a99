"""Connections that keep the server waiting are closed: uvicorn's protocol with a clock and a bound on their number.

A client may be slow to send its headers, its body, or to read its answer, and each time it holds a connection.
Headers have a time limit here (uvicorn has none); those on bodies and answers stand in `bodies.py`.
When all connections are taken, a new one gets the place of the one that has kept the server waiting longest, so that
any number of idle or slow clients keeps nobody else out.
"""

import asyncio
from collections.abc import Collection
from typing import Any

import uvicorn
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from search.service.limits import Limits
from search.service.plain_http import PlainParser

_MOST_HEADER_BYTES = 2**16
"""Also of what may follow a body, and of what may stand between its chunks."""
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
        self.parser = PlainParser(self)
        self._limits = config.limits
        self._deadline: asyncio.TimerHandle | None = None
        """When the headers have to be there."""
        self._stall: asyncio.TimerHandle | None = None
        """When what was sent has to be read."""
        self._is_in_headers = False
        self._fruitless = 0
        """Bytes since the last that were of a body or completed a request's headers."""
        self._is_refused = False
        self.awaited_since: float | None = None
        """Since when the client is expected to send or to read; None while it is the server's turn."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """A client has come; it may take another's place."""
        super().connection_made(transport)
        self.flow = _PipelineBounded(transport, self.pipeline)
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
        self._fruitless += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._fruitless > _MOST_HEADER_BYTES:
            self._refuse(_TOO_LONG)
        elif self._is_idle:
            self._expect_headers()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._is_in_headers = True
        if self._is_idle:
            self.awaited_since = self.loop.time()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; those that follow a body are left aside, as nothing here has a use for them."""
        if self._is_in_headers:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The body comes next, or the same request again without its offer of another protocol."""
        self._fruitless = 0
        if self.parser.should_upgrade():
            return
        self._is_in_headers = False
        self._forget_deadline()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of it has come."""
        self._fruitless = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is here: it is the server's turn."""
        if self.parser.should_upgrade():
            return
        super().on_message_complete()
        if not self.flow.write_paused:
            self.awaited_since = None

    def on_response_complete(self) -> None:
        """The answer is written: it is the client's turn again."""
        super().on_response_complete()
        if self._is_idle or self.cycle.more_body:
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

    @property
    def _is_idle(self) -> bool:
        """Whether no request is being read or answered."""
        return self.cycle is None or self.cycle.response_complete

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
        if self._is_in_headers:
            self._refuse(_TOO_SLOW)
        else:
            self.transport.abort()

    def _refuse(self, answer: tuple[int, str, str], more: str = "") -> None:
        """Answer what no application has seen, and close.

        A while later, that is: a client that is still sending when a connection closes may never read the answer.
        Where an earlier request is in work, its answer would have to come first: then there is none.
        """
        if not self._is_idle:
            self.transport.abort()
            return
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


class _PipelineBounded(FlowControl):
    """Takes in no more while requests wait for those before them on their connection; uvicorn's does after each."""

    def __init__(self, transport: asyncio.Transport, pipeline: Collection[object]) -> None:
        super().__init__(transport)
        self._pipeline = pipeline

    def resume_reading(self) -> None:
        """Read on, unless requests wait: what waits is then never more than came at one time."""
        if not self._pipeline:
            super().resume_reading()
