"""One node of a cluster: bytes to it and bytes back, over opensearch-py's connection, which Transport's pool chooses.

The library's own `perform_request` logs each failure and (at debug) whole bodies, turns the server's notes into Python
warnings, and decodes the answer twice; here none of it happens.
"""

import logging
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode

import urllib3
from opensearchpy.connection import Urllib3HttpConnection
from opensearchpy.exceptions import ConnectionError as NotConnected
from opensearchpy.exceptions import ConnectionTimeout, TransportError
from urllib3.exceptions import HTTPError, ReadTimeoutError

from indexer.engines.opensearch.connecting.lines import Lines

LONGEST_CONNECT = 10.0
"""Seconds that a node may take to accept a connection, however long it may then take to answer."""

log = logging.getLogger(__name__)


class Answer(TransportError):
    """An answer that is no success: its status, media type, and body or (of a redirect) where it points to."""

    def __init__(self, status: int, media_type: str, body: bytes) -> None:
        super().__init__(status, media_type, body)
        self.status, self.media_type, self.body = status, media_type, body


class Node(Urllib3HttpConnection):
    """Follows no redirect, tries nothing twice, and raises what the Transport needs to know a node is gone."""

    def perform_request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        timeout: float | None = None,
        ignore: Collection[int] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The status, headers and undecoded body of a success, or of a status in `ignore`.

        Raises:
            NotConnected, ConnectionTimeout: no answer.
            Answer: another one.
        """
        path = f"{self.url_prefix}{url}?{urlencode(params)}" if params else f"{self.url_prefix}{url}"
        sent = {**self.headers, **(headers or {})}
        if callable(self.http_auth):
            sent.update(self.http_auth(method, self.host + path, body))
        seconds = timeout or self.timeout
        limit = urllib3.Timeout(connect=min(LONGEST_CONNECT, seconds), read=seconds)
        if self.pool is None:
            self._create_urllib3_pool()
        try:
            answer = self.pool.urlopen(
                method, path, body, headers=sent, timeout=limit, retries=False, redirect=False, assert_same_host=False
            )
        except ReadTimeoutError as error:
            raise ConnectionTimeout("TIMEOUT", str(error), error) from error
        except (HTTPError, OSError) as error:
            raise NotConnected("N/A", str(error), error) from error
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        for note in answer.headers.getlist("warning"):
            log.debug("%s notes: %s", self.host, note)
        if _is_expected(method, answer.status, media_type, ignore):
            return answer.status, answer.headers, answer.data
        target = answer.headers.get("location", "").partition("?")[0].encode()
        raise Answer(answer.status, media_type, target if 300 <= answer.status < 400 else answer.data)

    def cut(self) -> None:
        """End the requests that are under way, each as if the node had closed its connection."""
        self._lines.cut()

    def _create_urllib3_pool(self) -> None:
        super()._create_urllib3_pool()
        self._lines = Lines()
        self.pool.ConnectionCls = self._lines.watched(self.pool.ConnectionCls)


def _is_expected(method: str, status: int, media_type: str, ignore: Collection[int]) -> bool:
    if not (200 <= status < 300 or status in ignore):
        return False
    return method == "HEAD" or media_type == "application/json"
