"""Stands between a writer and a real node: records what is sent, and makes trouble when told to."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import urllib3

from tests.opensearch.server import Server


@dataclass(frozen=True)
class Sent:
    """One request to `_bulk`: its body, and when it came and was answered (seconds, monotonic)."""

    body: bytes
    begun: float
    ended: float

    @property
    def ids(self) -> list[str]:
        """Of its documents, in order."""
        return [id for id, _ in operations(self.body)]


@dataclass(frozen=True)
class Trouble:
    """What to do with a bulk request in place of passing it on."""

    status: int = 0
    """Answer this, with a page as proxies have, and pass nothing on."""
    kind: str = ""
    """With a status: the type of error, as OpenSearch says it."""
    lose_answer: bool = False
    """Pass it on, and cut the connection in place of the answer."""
    pass_on: float = 1.0
    """The share of its documents that the node is given; the others are answered with an item each, …"""
    item_status: int = 429
    """… of this status."""
    pause: float = 0.0
    """Seconds to wait before passing it on."""
    hang: bool = False
    """Never answer."""


@dataclass
class Proxy:
    """`trouble` is asked with the number of each bulk request, from 0, and its body."""

    url: str
    trouble: Callable[[int, bytes], Trouble | None] = lambda *_: None
    sent: list[Sent] = field(default_factory=list)
    answered: int = 0
    """Bytes of answers to requests that were not bulk."""
    asked: list[str] = field(default_factory=list)
    """Methods and paths of all requests."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    number: int = 0
    is_down: bool = False
    """Cut every connection that asks something."""
    over: threading.Event = field(default_factory=threading.Event)

    def most_at_once(self) -> int:
        """How many bulk requests were under way at the same time."""
        return max((sum(s.begun <= one.begun < s.ended for s in self.sent) for one in self.sent), default=0)


def operations(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Id and both lines of each document."""
    lines = body.split(b"\n")[:-1]
    for action, document in zip(lines[::2], lines[1::2], strict=True):
        (said,) = json.loads(action).values()
        yield said["_id"], action + b"\n" + document + b"\n"


@contextmanager
def between(node: Server) -> Iterator[Proxy]:
    """A proxy in front of the node, until the end of the block."""
    pool = urllib3.PoolManager(maxsize=32, retries=False)

    class Handler(_Handler):
        proxy, upstream, connections = Proxy(""), node.url, pool

    server = _Server(("127.0.0.1", 0), Handler)
    Handler.proxy = here = Proxy(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        here.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
        pool.clear()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """The client hung up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy
    upstream: str
    connections: urllib3.PoolManager

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        with self.proxy.lock:
            self.proxy.asked.append(f"{self.command} {self.path}")
        if self.proxy.is_down:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if "/_bulk" in self.path:
            self._bulk(body)
        else:
            status, answer = self._pass_on(body)
            self.proxy.answered += len(answer)
            self._answer(status, answer)

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET  # noqa: N815 the names that http.server looks for

    def _bulk(self, body: bytes) -> None:
        begun = time.monotonic()
        with self.proxy.lock:
            trouble = self.proxy.trouble(self.proxy.number, body) or Trouble()
            self.proxy.number += 1
        time.sleep(trouble.pause)
        if trouble.hang:
            self.proxy.over.wait()
            self.close_connection = True
            return
        if trouble.status:
            status, answer = trouble.status, _error(trouble)
        else:
            status, answer = self._partly(body, trouble)
        with self.proxy.lock:
            self.proxy.sent.append(Sent(body, begun, time.monotonic()))
        if trouble.lose_answer:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self._answer(status, answer, plain=bool(trouble.status and not trouble.kind))

    def _partly(self, body: bytes, trouble: Trouble) -> tuple[int, bytes]:
        """Pass on the first documents; the others are turned away, as by a full queue."""
        parts = [lines for _, lines in operations(body)]
        kept = round(len(parts) * trouble.pass_on)
        status, answer = self._pass_on(b"".join(parts[:kept])) if kept else (200, b'{"items":[]}')
        if kept == len(parts):
            return status, answer
        error = {"type": "rejected_execution_exception", "reason": "the queue is full"}
        said: dict[str, Any] = json.loads(answer)
        said["items"] += [{"index": {"status": trouble.item_status, "error": error}}] * (len(parts) - kept)
        return status, json.dumps({**said, "errors": True}).encode()

    def _pass_on(self, body: bytes) -> tuple[int, bytes]:
        headers: Mapping[str, str] = {"content-type": "application/json"}
        answer = self.connections.request(self.command, self.upstream + self.path, body=body or None, headers=headers)
        return answer.status, answer.data

    def _answer(self, status: int, body: bytes, *, plain: bool = False) -> None:
        self.send_response(status)
        self.send_header("content-type", "text/html" if plain else "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


def _error(trouble: Trouble) -> bytes:
    if not trouble.kind:
        return b"<html><title>Trouble</title></html>"
    said = {"type": trouble.kind, "reason": "as told"}
    return json.dumps({"error": {**said, "root_cause": [said]}, "status": trouble.status}).encode()
