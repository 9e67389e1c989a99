"""Who is loading a version: a document a loader with a counter that it keeps raising, and one a share of the files.

No two clocks are compared: a loader is taken for dead when its counter stood still for a while on the watcher's own.
"""

import os
import socket
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from indexer.engines.opensearch.loading.given import GIVEN
from indexer.engines.opensearch.loading.ledger_index import LedgerIndex, Row
from indexer.engines.opensearch.loading.listing import LISTING
from indexer.engines.writing import Share

LOADER, SHARE = "loader", "share"
"""Kinds of documents in the ledger's index."""

State: TypeAlias = Literal["loading", "done", "left"]
"""`left`: stopped before its share was done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loader:
    """One process that loads, as it last said."""

    id: str
    host: str
    namespace: str
    """Of its host's process numbers: two containers may have the same name and numbers."""
    pid: int
    share: str
    """`3/16`; `1/1` for one that loads all files."""
    state: State
    beat: int
    """Raised every few seconds for as long as the process lives."""
    created: int
    """Documents that were new to the index when it wrote them."""
    heard: str
    """When it last said so, ISO 8601 by its own clock: for people to read."""

    def __str__(self) -> str:
        share = "" if self.share == str(Share()) else f", share {self.share}"
        return f"{self.place}{share}, last heard of {self.heard}"

    @property
    def place(self) -> str:
        """Which process of which host."""
        return f"process {self.pid} on {self.host}"


_FIELDS = Loader.__dataclass_fields__.keys()
_UNSAID: Mapping[str, Any] = {
    "host": "an unknown host",
    "namespace": "",
    "pid": 0,
    "share": str(Share()),
    "state": "loading",
    "beat": 0,
    "created": 0,
    "heard": "an unknown time",
}


def loaders(rows: LedgerIndex, kind: str = LOADER) -> list[Loader]:
    """All that ever loaded this version until it was served, and those who load it since; or those of another kind of
    document.
    """
    return [loader_of(row) for row in rows.all(kind)]


def loader_of(row: Row) -> Loader:
    """The loader that a document tells of; one that says less than ours stands still, and so is dead before long."""
    return Loader(**{**_UNSAID, "id": row.id, **{name: row.said[name] for name in _FIELDS & row.said.keys()}})


def register(rows: LedgerIndex, loader: Loader, *, is_served: bool = False) -> None:
    """Make a loader, and that its share is not done, known to the others; of a served version no share is missing."""
    if not is_served:
        rows.put(_share_id(loader.share), SHARE, {"share": loader.share, "done": False})
    rows.put(loader.id, LOADER, asdict(loader))


def ended(rows: LedgerIndex, loader: Loader) -> None:
    """Make known that a loader is done or has left; its share first, for a loader that is done is not waited for."""
    if loader.state == "done":
        rows.put(_share_id(loader.share), SHARE, {"share": loader.share, "done": True})
    rows.put(loader.id, LOADER, asdict(loader))


def give_up(rows: LedgerIndex, seen: Iterable[Row], *, but: str) -> bool:
    """Make known to the loaders that were `seen` loading, and found dead since, that nobody counts on them any more;
    `but`: not to this one (an id). False where one gave a sign of life meanwhile.
    """
    return all(
        rows.put(row.id, LOADER, {**row.said, "state": "left"}, after=row)
        for row in seen
        if row.id != but and row.said["state"] == "loading"
    )


def forget(rows: LedgerIndex) -> None:
    """Remove loaders, shares and what they were given: the version is served, and needs them no more."""
    for row in rows.all(LOADER, SHARE, LISTING, GIVEN):
        rows.delete(row.id)


def missing(rows: LedgerIndex, share: Share) -> list[str]:
    """The shares that are not done yet, of the division of the files that `share` belongs to; none if any division
    is complete, such as that into one.
    """
    done = {row.said["share"]: row.said["done"] for row in rows.all(SHARE)}
    divisions = {int(name.partition("/")[2]) for name in done} | {share.of}
    undone = {of: [name for name in _shares(of) if not done.get(name)] for of in divisions}
    return undone[share.of] if all(undone.values()) else []


class Watch:
    """Looks at the counters of other loaders again and again, and says which of them may be alive."""

    def __init__(
        self,
        rows: LedgerIndex,
        mine: str = "",
        *,
        patience: float,
        kind: str = LOADER,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch the loaders in `rows`, but for `mine` (an id).

        Args:
            patience: seconds for which a counter may stand.
            kind: of the documents that hold the counters.
        """
        self._rows, self._mine, self._kind, self._patience, self._clock = rows, mine, kind, patience, clock
        self._seen: dict[str, tuple[int, float]] = {}

    def look(self) -> list[Loader]:
        """Read every counter once; those that may be alive."""
        now, alive = self._clock(), []
        for loader in loaders(self._rows, self._kind):
            if loader.id == self._mine or loader.state != "loading":
                continue
            beat, since = self._seen.get(loader.id, (-1, now))
            since = since if beat == loader.beat else now
            self._seen[loader.id] = loader.beat, since
            if now - since < self._patience and not is_gone(asdict(loader)):
                alive.append(loader)
        return alive

    def living(self, pause: float = 0.5) -> list[Loader]:
        """Those that are alive for certain: waits until one has raised its counter, or all have stood for too long."""
        before = {loader.id: loader.beat for loader in self.look()}
        while alive := self.look():
            moved = [loader for loader in alive if loader.beat != before.get(loader.id)]
            if moved:
                return moved
            time.sleep(pause)
        return []


def place() -> Mapping[str, Any]:
    """Where this process runs, as a `Loader` says it."""
    return {"host": socket.gethostname(), "namespace": _namespace(), "pid": os.getpid()}


def is_gone(place: Mapping[str, Any]) -> bool:
    """Whether a process, whose `place` it is, ran here, and no process of its number does any more."""
    if os.name != "posix" or (place["host"], place["namespace"]) != (socket.gethostname(), _namespace()):
        return False
    try:
        os.kill(place["pid"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _namespace() -> str:
    """What tells this process's numbers from those of another container of the same name; "" where nothing does."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _shares(of: int) -> Iterable[str]:
    return (str(Share(number, of)) for number in range(1, of + 1))


def _share_id(share: str) -> str:
    return "share-" + share.replace("/", "-of-")
