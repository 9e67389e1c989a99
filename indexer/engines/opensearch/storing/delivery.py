"""One batch of actions, sent until each is acknowledged or refused: only what failed is sent again, in smaller bodies
where the cluster is short of room."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.connection_errors import ClusterTimeout
from indexer.engines.opensearch.contents.write_alias import REQUIRED, write_alias
from indexer.engines.opensearch.errors import RequestRefused
from indexer.engines.opensearch.storing import bulk
from indexer.engines.opensearch.storing.bulk import Result, Sendable
from indexer.engines.opensearch.storing.patience import Patience, trouble_of
from indexer.engines.protocol import Refused
from indexer.errors import IndexerError

DOING = "store documents"

_PARAMS = {"filter_path": bulk.ANSWER, "timeout": "30s"}
"""The node waits less for a shard that has no primary than we wait for the node."""

A = TypeVar("A", bound=Sendable)
A_in = TypeVar("A_in", bound=Sendable, contravariant=True)

_CREATED = 201

_LATE, _TOO_LARGE, _TOO_MANY = 408, 413, 429

_SHAKEN = 5
"""How often a server may fail (500) on a document, after it stored others beside it, before that one is refused."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where bulk requests go."""

    path: str
    params: Mapping[str, str]


def of_ours(index: str) -> Target:
    """An index that we made, through its alias for writing."""
    return Target(f"/{write_alias(index)}/_bulk", {**_PARAMS, **REQUIRED})


def of_theirs(index: str) -> Target:
    """An index that is not ours, by its own name: whoever sends there has to see that it is still there."""
    return Target(f"/{index}/_bulk", _PARAMS)


class BodySize:
    """The bytes of one body: halved when the cluster asks for less, and grown again slowly.

    Threads may read and change it at once; that a step gets lost does no harm.
    """

    def __init__(self, most: int, least: int) -> None:
        self._most, self._least = most, min(most, least)
        self.bytes = most

    def halve(self) -> None:
        """After a 413, or a second 429 in a row."""
        self.bytes = max(self._least, self.bytes // 2)

    def grow(self) -> None:
        """After a body that went through."""
        self.bytes = min(self._most, self.bytes + self._most // 20)

    def fitting(self, actions: Collection[Sendable]) -> int:
        """How many of these, from the first, go into one body: at least one."""
        total = 0
        for number, action in enumerate(actions):
            total += len(action.lines)
            if number and total > self.bytes:
                return number
        return len(actions)


class Queue(Protocol[A_in]):
    """Where actions come from, as far as a delivery has to know."""

    @property
    def is_over(self) -> bool:
        """Whether to stop."""

    @property
    def settled_at(self) -> float:
        """When anything was last acknowledged, by the clock of the patience."""

    def settle(self, actions: Sequence[A_in], refused: Sequence[Refused] = (), *, created: int = 0) -> None:
        """These were acknowledged or refused; `created`: documents that were new to the index."""

    def wait(self, seconds: float) -> None:
        """Sleep, unless it is over."""


@dataclass(frozen=True, slots=True)
class _Attempt(Generic[A]):
    """What one request left."""

    again: Sequence[A]
    trouble: str = ""
    """Why some have to be sent again; "" where they may be sent at once."""
    status: int = 0
    """Of that trouble."""


class Delivery(Generic[A]):
    """How batches are sent; one serves all threads."""

    def __init__(
        self,
        cluster: Cluster,
        target: Target,
        renew: Callable[[A], A | Refused | None],
        confirm: Callable[[], None],
        *,
        size: BodySize,
        patience: Patience,
    ) -> None:
        """For one index.

        Args:
            target: where its bulk requests go.
            renew: makes a guarded action anew whose document changed, or says why there is none.
            confirm: called before each request; raises where nothing may be written any more.
        """
        self._cluster, self._target, self._renew, self._confirm = cluster, target, renew, confirm
        self._size, self._patience = size, patience
        self._shaken: dict[str, int] = {}

    def deliver(self, actions: Sequence[A], queue: Queue[A]) -> None:
        """Until each is acknowledged or refused.

        Raises: IndexerError, for what waiting does not mend, or when the patience is at its end.
        """
        begun, failures, left = self._patience.clock(), 0, list(actions)
        while left and not queue.is_over:
            part = left[: self._size.fitting(left)]
            attempt = self._attempt(part, queue)
            left = [*attempt.again, *left[len(part) :]]
            if not attempt.trouble:
                failures = 0
                self._size.grow()
                continue
            failures = failures + 1 if len(attempt.again) == len(part) else 1
            if attempt.status in (_LATE, _TOO_LARGE) or (attempt.status == _TOO_MANY and failures > 1):
                self._size.halve()
            self._patience.endure(DOING, attempt.trouble, since=max(begun, queue.settled_at))
            queue.wait(self._patience.pause(failures))

    def _attempt(self, part: Sequence[A], queue: Queue[A]) -> _Attempt[A]:
        try:
            self._confirm()
            path, params = self._target.path, self._target.params
            answer = self._cluster.request("POST", path, bulk.body(part), doing=DOING, params=params)
        except IndexerError as error:
            return self._failed(error, part, queue)
        return self._sorted(list(bulk.results(answer, part)), queue)

    def _failed(self, error: IndexerError, part: Sequence[A], queue: Queue[A]) -> _Attempt[A]:
        """A request that failed as a whole."""
        status = error.status if isinstance(error, RequestRefused) else _LATE * isinstance(error, ClusterTimeout)
        if status != _TOO_LARGE:
            return _Attempt(part, trouble_of(error), status)
        if len(part) > 1:
            return _Attempt(part, str(error), status)
        reason = f"its {len(part[0].lines):,} bytes are more than the cluster takes in one request (413)"
        queue.settle(part, [Refused(part[0].id, reason)])
        return _Attempt([])

    def _sorted(self, results: Sequence[tuple[A, Result]], queue: Queue[A]) -> _Attempt[A]:
        """Settle what is done; the rest is to be sent again."""
        done, changed, again = [], [], []
        refused: list[Refused] = []
        trouble: Result | None = None
        is_storing = any(result.verdict == "stored" for _, result in results)
        for action, result in results:
            if result.verdict == "blocked":
                raise self._cluster.refused(result.status, result.error, doing=DOING)
            if result.verdict == "newer" and action.is_guarded:
                changed.append(action)
            elif result.verdict == "passing" or (
                result.verdict == "shaken" and not self._is_hopeless(action, is_storing)
            ):
                again.append(action)
                trouble = result
            else:
                done.append(action)
                if result.verdict != "stored":
                    refused.append(Refused(action.id, result.reason, is_superseded=result.verdict == "newer"))
        queue.settle(done, refused, created=sum(result.status == _CREATED for _, result in results))
        renewed = self._renewed(changed, queue)
        if trouble is None:
            return renewed
        return _Attempt([*again, *renewed.again], trouble.reason, trouble.status)

    def _is_hopeless(self, action: A, is_storing: bool) -> bool:
        """Whether the server keeps failing on this document, though it stored others that came with it at first."""
        if is_storing or action.id in self._shaken:
            self._shaken[action.id] = self._shaken.get(action.id, 0) + 1
        return self._shaken.get(action.id, 0) >= _SHAKEN

    def _renewed(self, changed: Sequence[A], queue: Queue[A]) -> _Attempt[A]:
        """Guarded actions, made anew for documents that are not what was read."""
        again: list[A] = []
        trouble = ""
        for action in changed:
            try:
                renewed = self._renew(action)
            except IndexerError as error:
                trouble = trouble_of(error)
                again.append(action)
                continue
            if renewed is None or isinstance(renewed, Refused):
                queue.settle([action], [renewed] if renewed else [])
            else:
                again.append(renewed)
        return _Attempt(again, trouble)
