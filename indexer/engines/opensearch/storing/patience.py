"""Trying again: which troubles of a cluster pass, how long to wait for them, and when to give up."""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from indexer.engines.opensearch.errors import ClusterUnreachable, NoProgress, RequestRefused
from indexer.engines.opensearch.storing.bulk import PASSING, is_for_all
from indexer.errors import IndexerError

log = logging.getLogger(__name__)

T = TypeVar("T")


class Notices:
    """Warnings that somebody waits, for whoever watches: one at once, and then no more than one in a while."""

    def __init__(self, apart: float = 30.0) -> None:
        """`apart`: seconds between two; threads that wait for the same trouble share them."""
        self._apart, self._lock = apart, threading.Lock()
        self._last: float | None = None

    def waiting(self, doing: str, trouble: str, *, now: float, left: float) -> None:
        """Say what is not done, why, and for how many seconds more it is tried."""
        with self._lock:
            if self._last is not None and now - self._last < self._apart:
                return
            self._last = now
        reason = trouble.partition(". ")[0].rstrip(".")  # not the advice for who gave up
        log.warning("Waiting to %s: %s. Tried again for up to %.0f s without progress.", doing, reason, max(0.0, left))


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How to wait: with full jitter, so that many loaders do not come back all at once."""

    limit: float = 300.0
    """Seconds without any progress before giving up."""
    first: float = 0.2
    """Seconds that the first pause takes at most; …"""
    longest: float = 20.0
    """… each one after it twice as many, up to this."""
    clock: Callable[[], float] = time.monotonic
    chance: random.Random = field(default_factory=random.Random)
    notices: Notices = field(default_factory=Notices)

    def pause(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        return self.chance.uniform(0.0, min(self.longest, self.first * 2.0 ** min(failures - 1, 30)))

    def endure(self, doing: str, trouble: str, *, since: float) -> None:
        """Go on waiting, and say so now and then; `since`: when there was progress, by the clock.

        Raises: NoProgress, at the end of the patience.
        """
        now = self.clock()
        if now - since > self.limit:
            raise NoProgress(doing=doing, seconds=self.limit, reason=trouble)
        self.notices.waiting(doing, trouble, now=now, left=since + self.limit - now)


FOR_MINUTES = Patience()


def trouble_of(error: IndexerError) -> str:
    """What to say of a trouble that may pass.

    Raises: the error itself, where waiting does not help.
    """
    if isinstance(error, ClusterUnreachable):
        return str(error)
    if isinstance(error, RequestRefused) and error.status in PASSING and not is_for_all(error.status, error.kind):
        return f"{error.reason} ({error.status})"
    raise error


def patiently(
    attempt: Callable[[], T],
    *,
    doing: str,
    patience: Patience = FOR_MINUTES,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """What the attempt gives, made again while its troubles are such as pass; for what may be done twice.

    Raises: NoProgress, when the patience is at its end.
    """
    begun, failures = patience.clock(), 0
    while True:
        try:
            return attempt()
        except IndexerError as error:
            trouble = trouble_of(error)
        failures += 1
        patience.endure(doing, trouble, since=begun)
        sleep(patience.pause(failures))
