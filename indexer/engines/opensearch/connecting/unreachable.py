"""Why no answer came: what the network library says, as one of our errors."""

import socket
import ssl
from collections.abc import Iterable, Iterator
from http.client import IncompleteRead

from opensearchpy.exceptions import ConnectionError as NotConnected
from opensearchpy.exceptions import ConnectionTimeout
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
)

from indexer.engines.opensearch.connecting import tls
from indexer.engines.opensearch.connecting.address import Address
from indexer.engines.opensearch.connecting.connection_errors import ClusterTimeout
from indexer.engines.opensearch.errors import ClusterUnreachable
from indexer.errors import IndexerError


def explained(error: NotConnected, *, address: Address, seconds: float, doing: str) -> IndexerError:
    """The failure in our words."""
    if isinstance(error, ConnectionTimeout):
        return ClusterTimeout(address=address, seconds=seconds, doing=doing)
    causes = list(_causes(error.info))
    unsafe = _unsafe(causes, address)
    return unsafe or ClusterUnreachable(address=address, reason=_reason(causes, address.scheme))


def was_sent(error: NotConnected) -> bool:
    """Whether the request may have reached the node: one that could not connect has not."""
    return not any(isinstance(cause, NewConnectionError | ConnectTimeoutError) for cause in _causes(error.info))


def is_late(error: NotConnected) -> bool:
    """Whether the node was given time, and did not answer in it: others would be given as much again."""
    return isinstance(error, ConnectionTimeout)


def is_unsafe(error: NotConnected, address: Address) -> bool:
    """Whether no safe connection can be had, which another attempt does not mend."""
    return _unsafe(_causes(error.info), address) is not None


def _unsafe(causes: Iterable[BaseException], address: Address) -> IndexerError | None:
    faults = (tls.fault(cause, address) for cause in causes if isinstance(cause, ssl.SSLError))
    return next((fault for fault in faults if fault is not None), None)


def _causes(error: object) -> Iterator[BaseException]:
    """The failure and those within it; the libraries keep them as arguments."""
    while isinstance(error, BaseException):
        yield error
        inner = [argument for argument in error.args if isinstance(argument, BaseException)]
        error = inner[-1] if inner else error.__cause__


def _reason(causes: list[BaseException], scheme: str) -> str:
    if any(isinstance(cause, IncompleteRead) for cause in causes):  # which stands within a ProtocolError
        return "the connection was cut in the middle of an answer"
    for cause in causes:
        match cause:
            case NameResolutionError() | socket.gaierror():
                return "no host of that name is known"
            case NewConnectionError():  # a kind of the next, but no host took the connection
                return _last(causes)
            case ConnectTimeoutError():
                return "the connection was not accepted in time"
            case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
                return "the encrypted connection was cut; perhaps a client certificate is wanted (--client-cert)"
            case ProtocolError() if scheme == "http":
                return f"the connection was closed without an answer, as a port for https does: {_last(causes)}"
            case _:
                continue
    return _last(causes)


def _last(causes: list[BaseException]) -> str:
    innermost = causes[-1]
    if isinstance(innermost, OSError) and innermost.strerror:
        return innermost.strerror
    text = str(innermost).splitlines()[0][:200] if str(innermost) else type(innermost).__name__
    return text.rpartition(": ")[2] if isinstance(innermost, HTTPError) else text
