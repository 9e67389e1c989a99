"""Run the model server: bind an address, serve until told to stop, finish what is being answered, and end."""

import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn

from search.service.app import create_app
from search.service.connections import ConnectionConfig
from search.service.errors import CannotListen, OpenToAll
from search.service.inference import Inference

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_FILES_BESIDE_CONNECTIONS = 256
"""Files of models, libraries and the terminal, with room to spare."""


def bind(host: str, port: int) -> socket.socket:
    """A socket that has the address, and listens once the server starts; port 0 takes any that is free.

    Raises:
        CannotListen: the address is taken, not this machine's, or not allowed.
    """
    try:
        family, kind, protocol, _, address = _addresses(host, port)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            # An answer goes out as head and body: without this the body of each but the first waits 40 ms.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except BaseException:
            listener.close()
            raise
    except OSError as error:
        raise CannotListen(host=host, port=port, reason=error.strerror or str(error)) from error
    return listener


def refuse_strangers(host: str, *, has_keys: bool, insecure: bool) -> None:
    """Without a key nobody but programs on this machine may reach the server, unless its owner said so.

    Raises:
        OpenToAll: they may.
        CannotListen: the name means no address.
    """
    try:
        found = _addresses(host, 0)
    except OSError as error:
        raise CannotListen(host=host, port=0, reason=error.strerror or str(error)) from error
    is_loopback = all(ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback for *_, address in found)
    if not (is_loopback or has_keys or insecure):
        raise OpenToAll(host=host)


def address_of(listener: socket.socket) -> str:
    """Where it is reached, as the start of a URL."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if listener.family == socket.AF_INET6 else f"http://{host}:{port}"


class ModelServer:
    """A server that is about to run, or runs."""

    def __init__(self, inference: Inference, keys: Collection[str], listener: socket.socket) -> None:
        """Make the application.

        Args:
            inference: the models; who opened them closes them.
            keys: API keys of which each request has to bear one; none: everyone may ask.
            listener: from `bind`; it is closed at the end.
        """
        limits = inference.limits
        _allow_files(limits.connections)
        self._listener = listener
        self._server = _Server(ConnectionConfig(create_app(inference, limits, keys), limits))

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._server.server_state.connections)

    def run(self, ready: Callable[[], None]) -> None:
        """Serve until `stop`, or SIGTERM or SIGINT where this is the main thread.

        Then no connection is accepted any more, and what is being answered has `Limits.stopping_seconds`.
        A second signal ends it at once.

        Args:
            ready: called when connections are accepted.
        """
        self._server.ready = ready
        self._server.run(sockets=[self._listener])

    def stop(self) -> None:
        """Let `run` end; from any thread."""
        self._server.should_exit = True


class _Server(uvicorn.Server):
    """uvicorn's server, which ends as a program that did what it was told: its own would die of the signal."""

    ready: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True


def _addresses(host: str, port: int) -> list[Any]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except UnicodeError:  # two dots side by side, or 64 letters between them
        raise OSError("no host can have such a name") from None


def _allow_files(connections: int) -> None:
    """Let the process have a file a connection, and twice as many while new ones take the place of old ones."""
    try:
        import resource
    except ImportError:  # Windows, which has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * connections + _FILES_BESIDE_CONNECTIONS
    if soft < wanted and soft != resource.RLIM_INFINITY:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
