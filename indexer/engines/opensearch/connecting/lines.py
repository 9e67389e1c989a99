"""The open connections of one node, so that another thread can cut those that wait for an answer."""

import socket
import threading
from contextlib import suppress
from weakref import WeakSet

from urllib3.connection import HTTPConnection


class Lines:
    """Knows every connection of the kinds that it watches, for as long as it is in use."""

    def __init__(self) -> None:
        self._connections: WeakSet[HTTPConnection] = WeakSet()
        self._lock = threading.Lock()

    def watched(self, kind: type[HTTPConnection]) -> type[HTTPConnection]:
        """The same kind of connection, known to us once it is open."""
        remember = self._remember

        class Watched(kind):  # type: ignore[valid-type, misc]
            """Plain or encrypted, as `kind` is."""

            def connect(self) -> None:
                """Open it, and remember it."""
                super().connect()
                remember(self)

        return Watched

    def cut(self) -> None:
        """End what is under way on any of them; whoever waits there is told that the connection is gone."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            if connection.sock is not None:
                with suppress(OSError):
                    # Not the encrypted socket's own shutdown, after which a thread could send plain bytes.
                    socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    def _remember(self, connection: HTTPConnection) -> None:
        with self._lock:
            self._connections.add(connection)
