"""What each request took: a line in the access log, without texts, and Prometheus's figures."""

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search.service.metrics import Metrics

log = logging.getLogger("search.service.access")

GONE = 499
"""The status in log and figures of a request whose client went before it was answered."""
_WORK = "biocpt.work"
_MOST_OF_PATH = 200
"""Bytes of a path that are logged; ours are shorter."""


@dataclass(frozen=True, slots=True)
class Work:
    """What one model had to do for a request."""

    model: str
    texts: int
    tokens: int


def note(request: Request, model: str, tokens: Sequence[int]) -> None:
    """Say what a model had to do for this request: the tokens of each text."""
    request.scope.setdefault(_WORK, []).append(Work(model, len(tokens), sum(tokens)))


class Observed:
    """Logs and counts every request, whoever answers it."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, paths: Collection[str]) -> None:
        self._app = app
        self._paths = frozenset(paths)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Watch the answer pass."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.perf_counter(), GONE

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, seen)
        except Exception:
            status = 500
            raise
        finally:
            self._tell(scope, status, time.perf_counter() - start)

    def _tell(self, scope: Scope, status: int, seconds: float) -> None:
        work: list[Work] = scope.get(_WORK, [])
        known: str = scope["path"] if scope["path"] in self._paths else "none"  # others are as many as clients make up
        route: str = getattr(scope.get("route"), "path", None) or known
        self._metrics.request(route, status, seconds)
        for done in work:
            self._metrics.work(done.model, done.texts, done.tokens)
        path = scope.get("raw_path", b"").partition(b"?")[0][:_MOST_OF_PATH].decode("ascii", "backslashreplace")
        texts, tokens = sum(done.texts for done in work), sum(done.tokens for done in work)
        log.info("%s %s %d %.1f ms texts=%d tokens=%d", scope["method"], path, status, seconds * 1000, texts, tokens)
