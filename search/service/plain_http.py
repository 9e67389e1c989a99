"""Requests that offer to go on in another protocol are read as though they did not: only HTTP/1.1 is spoken here.

Java's own client offers HTTP/2 (`Upgrade: h2c`) with every request. A server may leave such an offer aside (RFC 9110,
section 7.8), but httptools stops at the headers, takes the body for the other protocol's first bytes, and uvicorn then
answers a request without a body.
"""

from collections.abc import Iterable
from typing import Any, Protocol

import httptools

_OFFERS = (b"connection", b"upgrade", b"http2-settings")


class Receiver(Protocol):
    """What a parser tells of a request, as uvicorn's protocol keeps it."""

    url: bytes
    headers: list[tuple[bytes, bytes]]


class PlainParser(httptools.HttpRequestParser):
    """httptools' parser, which tells of each request with an offer twice: with it, and then without.

    Its receiver has to leave the first aside, as `should_upgrade` says, from the end of the headers on.
    """

    def __init__(self, receiver: Receiver) -> None:
        super().__init__(receiver)
        self._receiver = receiver
        self.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn: answer what came before

    def feed_data(self, data: Any) -> None:
        """Read some bytes.

        Raises:
            HttpParserError: they are no HTTP/1.1, or ask for a tunnel.
        """
        rest = bytes(data)
        while rest:
            try:
                super().feed_data(rest)
                return
            except httptools.HttpParserUpgrade as offer:
                if self.get_method() == b"CONNECT":
                    raise httptools.HttpParserError("a tunnel is asked for") from None
                rest = self._without_offer() + rest[offer.args[0] :]

    def _without_offer(self) -> bytes:
        """The headers again, as far as they are about the request."""
        kept = [(name, value) for name, value in self._receiver.headers if name not in _OFFERS]
        if _says_close(self._receiver.headers):
            kept.append((b"connection", b"close"))
        lines = b"".join(b"%s: %s\r\n" % header for header in kept)
        version = self.get_http_version().encode("ascii")
        return b"%s %s HTTP/%s\r\n%s\r\n" % (self.get_method(), self._receiver.url, version, lines)


def _says_close(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    said = b",".join(value for name, value in headers if name == b"connection").lower()
    return b"close" in (option.strip() for option in said.split(b","))
