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


@dataclass(slots=True)
class Work:
    """What a request's models had to do. Not frozen: a route fills it in."""

    model: str = ""
    texts: int = 0
    tokens: int = 0


def note(request: Request, model: str, tokens: Sequence[int]) -> None:
    """Say what the models had to do for this request: the tokens of each text."""
    request.scope[_WORK] = Work(model, len(tokens), sum(tokens))


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
        work: Work = scope.get(_WORK) or Work()
        known: str = scope["path"] if scope["path"] in self._paths else "none"  # others are as many as clients make up
        route: str = getattr(scope.get("route"), "path", None) or known
        self._metrics.request(route, status, seconds)
        if work.model:
            self._metrics.work(work.model, work.texts, work.tokens)
        path = scope.get("raw_path", b"").partition(b"?")[0][:_MOST_OF_PATH].decode("ascii", "backslashreplace")
        log.info(
            "%s %s %d %.1f ms texts=%d tokens=%d",
            scope["method"],
            path,
            status,
            seconds * 1000,
            work.texts,
            work.tokens,
        )
