"""One batch of actions, sent until each is acknowledged or refused: only what failed is sent again, in smaller bodies
where the cluster is short of room."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.connection_errors import ClusterTimeout
from indexer.engines.opensearch.contents.write_alias import REQUIRED, write_alias
from indexer.engines.opensearch.errors import RequestRefused
from indexer.engines.opensearch.storing import bulk
from indexer.engines.opensearch.storing.bulk import Action, Result
from indexer.engines.opensearch.storing.patience import Patience, trouble_of
from indexer.engines.protocol import Refused
from indexer.errors import IndexerError

DOING = "store documents"

_PARAMS = {"filter_path": bulk.ANSWER, "timeout": "30s", **REQUIRED}
"""The node waits less for a shard that has no primary than we wait for the node."""

_CREATED = 201

_LATE, _TOO_LARGE, _TOO_MANY = 408, 413, 429

_SHAKEN = 5
"""How often a server may fail (500) on a document, after it stored others beside it, before that one is refused."""


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

    def fitting(self, actions: Collection[Action]) -> int:
        """How many of these, from the first, go into one body: at least one."""
        total = 0
        for number, action in enumerate(actions):
            total += len(action.lines)
            if number and total > self.bytes:
                return number
        return len(actions)


class Queue(Protocol):
    """Where actions come from, as far as a delivery has to know."""

    @property
    def is_over(self) -> bool:
        """Whether to stop."""

    @property
    def settled_at(self) -> float:
        """When anything was last acknowledged, by the clock of the patience."""

    def settle(self, actions: Sequence[Action], refused: Sequence[Refused] = (), *, created: int = 0) -> None:
        """These were acknowledged or refused; `created`: documents that were new to the index."""

    def wait(self, seconds: float) -> None:
        """Sleep, unless it is over."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What one request left."""

    again: Sequence[Action]
    trouble: str = ""
    """Why some have to be sent again; "" where they may be sent at once."""
    status: int = 0
    """Of that trouble."""


class Delivery:
    """How batches are sent; one serves all threads."""

    def __init__(
        self,
        cluster: Cluster,
        index: str,
        renew: Callable[[Action], Action | Refused | None],
        confirm: Callable[[], None],
        *,
        size: BodySize,
        patience: Patience,
    ) -> None:
        """For one index.

        Args:
            renew: makes a guarded action anew whose document changed, or says why there is none.
            confirm: called before each request; raises where nothing may be written any more.
        """
        self._cluster, self._path, self._renew, self._confirm = cluster, f"/{write_alias(index)}/_bulk", renew, confirm
        self._size, self._patience = size, patience
        self._shaken: dict[str, int] = {}

    def deliver(self, actions: Sequence[Action], queue: Queue) -> None:
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

    def _attempt(self, part: Sequence[Action], queue: Queue) -> _Attempt:
        try:
            self._confirm()
            answer = self._cluster.request("POST", self._path, bulk.body(part), doing=DOING, params=_PARAMS)
        except IndexerError as error:
            return self._failed(error, part, queue)
        return self._sorted(list(bulk.results(answer, part)), queue)

    def _failed(self, error: IndexerError, part: Sequence[Action], queue: Queue) -> _Attempt:
        """A request that failed as a whole."""
        status = error.status if isinstance(error, RequestRefused) else _LATE * isinstance(error, ClusterTimeout)
        if status != _TOO_LARGE:
            return _Attempt(part, trouble_of(error), status)
        if len(part) > 1:
            return _Attempt(part, str(error), status)
        reason = f"its {len(part[0].lines):,} bytes are more than the cluster takes in one request (413)"
        queue.settle(part, [Refused(part[0].id, reason)])
        return _Attempt([])

    def _sorted(self, results: Sequence[tuple[Action, Result]], queue: Queue) -> _Attempt:
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

    def _is_hopeless(self, action: Action, is_storing: bool) -> bool:
        """Whether the server keeps failing on this document, though it stored others that came with it at first."""
        if is_storing or action.id in self._shaken:
            self._shaken[action.id] = self._shaken.get(action.id, 0) + 1
        return self._shaken.get(action.id, 0) >= _SHAKEN

    def _renewed(self, changed: Sequence[Action], queue: Queue) -> _Attempt:
        """Guarded actions, made anew for documents that are not what was read."""
        again: list[Action] = []
        trouble = ""
        for action in changed:
            try:
                renewed = self._renew(action)
            except IndexerError as error:
                trouble = trouble_of(error)
                again.append(action)
                continue
            if isinstance(renewed, Action):
                again.append(renewed)
            else:
                queue.settle([action], [renewed] if renewed else [])
        return _Attempt(again, trouble)
