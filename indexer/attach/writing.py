"""Changes of somebody's documents on their way: sent in the background, made anew where somebody else wrote meanwhile.

Each is sent with the state of the document that it was made from, so a write of theirs is never lost: the cluster
refuses ours then, the document is read again, and what it says now decides.
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias, get_args

from indexer.attach.tally import Tally
from indexer.engines.opensearch.attached.changes import Change
from indexer.engines.opensearch.attached.errors import Replaced
from indexer.engines.opensearch.attached.foreign import Foreign
from indexer.engines.opensearch.attached.pages import Document, now
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.storing.delivery import of_theirs
from indexer.engines.opensearch.storing.sending import Limits, Sender
from indexer.engines.protocol import Refused

LIMITS = Limits(connections=2, body_bytes=500_000, waiting_bytes=2_000_000)
"""What waits is lost by `kill -9` and encoded again."""


Kind: TypeAlias = Literal["encoded", "cleared", "fresh", "gone", "refused"]
"""What a change may come to: a field of `Tally`."""

_KINDS: tuple[Kind, ...] = get_args(Kind)


class Writing:
    """The changes of one run. `put`, `finish` and `close` belong to one thread."""

    def __init__(
        self,
        cluster: Cluster,
        index: Foreign,
        fields: Sequence[str],
        decide: Callable[[Document, Change], Change | None],
    ) -> None:
        """Send nothing yet.

        Args:
            cluster: to send to.
            index: whose documents are changed.
            fields: what is read of a document that changed.
            decide: what becomes of a change of it then; None: nothing, as it needs none any more.
        """
        self._cluster, self._index, self._fields, self._decide = cluster, index, list(fields), decide
        self._lock = threading.Lock()
        self._turned: Counter[tuple[Kind, Kind]] = Counter()
        self._clearing: set[str] = set()
        self._refused: list[Refused] = []
        self._sender: Sender[Change] = Sender(
            cluster, of_theirs(index.name), self._renew, confirm=self._confirm, limits=LIMITS
        )

    def put(self, change: Change) -> None:
        """Send it soon; waits while too much waits.

        Raises: IndexerError, what went wrong with this or an earlier one.
        """
        self._note(change)
        self._sender.put(change)

    def refused(self) -> list[Refused]:
        """What the cluster would not change, so far."""
        for refused in self._sender.refused():
            self._refused.append(refused)
            with self._lock:
                self._turned["cleared" if refused.id in self._clearing else "encoded", "refused"] += 1
        return self._refused

    def settled(self, tally: Tally) -> Tally:
        """The figures with what became of documents that somebody wrote to, and of refusals.

        `tally` counts each that was put as what it was put for.
        """
        self.refused()
        with self._lock:
            turned = Counter(self._turned)
        counts = {name: getattr(tally, name) for name in _KINDS}
        for (before, after), documents in turned.items():
            counts[before] -= documents
            counts[after] += documents
        return replace(tally, **counts)

    def finish(self) -> None:
        """Wait until all were acknowledged or refused."""
        self._sender.drain()

    def close(self) -> None:
        """Drop what waits."""
        self._sender.close()

    def _renew(self, change: Change) -> Change | None:
        """What becomes of a change whose document somebody else wrote or deleted."""
        document = now(self._cluster, self._index.name, (change.id, change.routing), self._fields)
        renewed = None if document is None else self._decide(document, change)
        after: Kind = "gone" if document is None else "fresh" if renewed is None else _kind(renewed)
        with self._lock:
            self._turned[_kind(change), after] += 1
        if renewed is not None:
            self._note(renewed)
        return renewed

    def _note(self, change: Change) -> None:
        """Which of the two it is now, for a refusal tells the id alone."""
        with self._lock:
            if _kind(change) == "cleared":
                self._clearing.add(change.id)
            else:
                self._clearing.discard(change.id)

    def _confirm(self) -> None:
        """See that the index is the one that was read: a write to one that is missing would make it anew.

        Raises: Replaced, where it is not.
        """
        name = self._index.name
        said = self._cluster.request(
            "GET",
            f"/{name}",
            params={"ignore_unavailable": "true", "filter_path": "*.settings.index.uuid"},
            doing=f"see that {name!r} is there",
        )
        if said.get(name) != {"settings": {"index": {"uuid": self._index.uuid}}}:
            raise Replaced(address=self._cluster.address, name=name)


def _kind(change: Change) -> Kind:
    return "encoded" if change.digest else "cleared"
