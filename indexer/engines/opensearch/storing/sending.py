"""Sends actions to a cluster in the background: several bulk requests at once, bounded in bytes, sent again on trouble.

An id is never in two requests at once, so that a write that is sent again cannot undo one that came after it. A
request whose answer was lost may be stored twice, which changes nothing: its documents carry their versions.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.storing.bulk import Sendable
from indexer.engines.opensearch.storing.delivery import BodySize, Delivery, Target
from indexer.engines.opensearch.storing.patience import FOR_MINUTES, Patience
from indexer.engines.protocol import Refused
from indexer.errors import IndexerError


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is sent at once."""

    connections: int = 4
    body_bytes: int = 5_000_000
    """Of one request; less for a while after the cluster asked for less, …"""
    least_bytes: int = 64_000
    """… but not less than this, or one document."""
    waiting_bytes: int = 10_000_000
    """That wait to be sent; `put` blocks while there are more."""


DEFAULT = Limits()

A = TypeVar("A", bound=Sendable)


class Sender(Generic[A]):
    """Background threads that send what they are given. `put`, `drain` and `close` belong to one thread."""

    def __init__(
        self,
        cluster: Cluster,
        target: Target,
        renew: Callable[[A], A | Refused | None],
        *,
        confirm: Callable[[], None] = lambda: None,
        limits: Limits = DEFAULT,
        patience: Patience = FOR_MINUTES,
    ) -> None:
        """`renew` and `confirm` are those of a `Delivery`."""
        self._cluster, self._limits, self._patience = cluster, limits, patience
        self._size = BodySize(limits.body_bytes, limits.least_bytes)
        self._delivery = Delivery(cluster, target, renew, confirm, size=self._size, patience=patience)
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._waiting: deque[A] = deque()
        self._waiting_bytes = 0
        self._unsettled: dict[str, A] = {}
        self._refused: list[Refused] = []
        self._created = 0
        self._settled_at = patience.clock()
        self._hurried = 0
        self._is_closed = False
        self._failure: BaseException | None = None

    def put(self, action: A) -> None:
        """Send it soon; waits while too much waits, or its id is on its way.

        Raises: IndexerError, what went wrong with this or an earlier action.
        """
        if not self._threads:
            self._start()
        with self._changed:
            self._raise_failure()
            if action.id in self._unsettled:
                self._wait_until(lambda: action.id not in self._unsettled)
            if self._waiting_bytes >= self._limits.waiting_bytes:
                self._wait_until(lambda: self._waiting_bytes < self._limits.waiting_bytes)
            self._unsettled[action.id] = action
            self._waiting.append(action)
            self._waiting_bytes += len(action.lines)
            if self._waiting_bytes >= self._size.bytes:
                self._changed.notify_all()

    def drain(self, ids: Collection[str] | None = None) -> None:
        """Wait until all of these ids (None: of any) were acknowledged or refused.

        Raises: IndexerError, what went wrong.
        """
        with self._changed:
            if ids is None:
                self._wait_until(lambda: not self._unsettled)
            else:
                self._wait_until(lambda: not any(id in self._unsettled for id in ids))

    def unsettled(self, ids: Collection[str]) -> dict[str, A]:
        """Those of these ids that are not acknowledged yet, by id."""
        with self._changed:
            return {id: self._unsettled[id] for id in ids if id in self._unsettled} if self._unsettled else {}

    def refuse(self, refused: Refused) -> None:
        """Note one that was not even sent."""
        with self._changed:
            self._refused.append(refused)

    def refused(self) -> list[Refused]:
        """What was refused since this was last asked."""
        with self._changed:
            refused, self._refused = self._refused, []
        return refused

    def created(self) -> int:
        """How many documents were new to the index, since this was last asked."""
        with self._changed:
            created, self._created = self._created, 0
        return created

    def close(self, grace: float = 2.0) -> None:
        """Drop what waits; requests that are under way get some seconds, and are cut off then."""
        with self._changed:
            self._is_closed = True
            self._waiting.clear()
            self._changed.notify_all()
        until = time.monotonic() + grace
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        while any(thread.is_alive() for thread in self._threads):
            self._cluster.cut()
            for thread in self._threads:
                thread.join(0.1)

    # What a Delivery asks and tells.

    @property
    def is_over(self) -> bool:
        """Whether to send nothing more."""
        return self._is_closed or self._failure is not None

    @property
    def settled_at(self) -> float:
        """When anything was last acknowledged."""
        return self._settled_at

    def settle(self, actions: Sequence[A], refused: Sequence[Refused] = (), *, created: int = 0) -> None:
        """These were acknowledged or refused; `created`: documents that were new to the index."""
        with self._changed:
            for action in actions:
                del self._unsettled[action.id]
            self._refused.extend(refused)
            self._created += created
            self._settled_at = self._patience.clock()
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Sleep, unless it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self.is_over, timeout=seconds)

    def _start(self) -> None:
        for number in range(self._limits.connections):
            thread = threading.Thread(target=self._work, name=f"bulk-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _wait_until(self, ready: Callable[[], bool]) -> None:
        """With the lock held: have all sent that waits, until `ready`."""
        self._raise_failure()
        if ready():
            return
        self._hurried += 1
        self._changed.notify_all()
        try:
            self._changed.wait_for(lambda: self._failure is not None or ready())
        finally:
            self._hurried -= 1
        self._raise_failure()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        try:
            while actions := self._take():
                self._delivery.deliver(actions, self)
        except IndexerError as error:
            self._fail(error)
        except BaseException as error:
            self._fail(error)
            raise  # a bug: shown where it happened, too

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._failure = self._failure or error
            self._changed.notify_all()

    def _take(self) -> list[A]:
        """The actions of the next request, once there are enough; none when it is over."""
        with self._changed:
            self._changed.wait_for(lambda: self.is_over or self._is_enough())
            if self.is_over:
                return []
            fitting = self._size.fitting(self._waiting)
            taken = [self._waiting.popleft() for _ in range(fitting)]
            self._waiting_bytes -= sum(len(action.lines) for action in taken)
            self._changed.notify_all()
            return taken

    def _is_enough(self) -> bool:
        return bool(self._waiting) and (self._hurried > 0 or self._waiting_bytes >= self._size.bytes)
