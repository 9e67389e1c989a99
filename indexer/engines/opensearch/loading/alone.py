"""The lock of a loader that loads a version alone: no other may write there until it is done, or dead.

Alone, a kept vector need not travel: the cluster puts the new document around it, which counts the document's version
up by one and not to the record's order, so that an older record of another loader could come after it (keeping.py).
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from indexer.engines.opensearch.errors import LoadedAlone
from indexer.engines.opensearch.loading.ledger_index import LedgerIndex, Row
from indexer.engines.opensearch.loading.loaders import Loader, Watch

ALONE = "alone"
"""Kind and id of the document that is the lock: a `Loader`, and since when."""


class Lock:
    """One loader's view of the lock of a version.

    Whoever loads alone takes the lock, makes itself known, and looks for others; whoever does not makes itself known
    and looks for the lock. So of two that come at once at least one sees the other.
    """

    def __init__(self, rows: LedgerIndex, me: Loader, *, patience: float) -> None:
        """`patience`: seconds without a sign of life after which a holder is taken for dead."""
        self._rows, self._me, self._patience = rows, me, patience

    def take(self) -> None:
        """Hold the lock, in place of a dead holder if there is one.

        Raises: LoadedAlone.
        """
        mine = {**asdict(self._me), "since": self._me.heard}
        while not self._rows.create(ALONE, ALONE, mine):
            held = self._rows.get(ALONE)
            if held is None:
                continue
            if self._is_mine(held):  # its answer was lost
                return
            self._require_dead(held)
            if self._rows.put(ALONE, ALONE, mine, after=held):
                return

    def require_nobody(self) -> None:
        """See that nobody loads alone; the lock of a dead holder is removed, so that it learns that it was given up.

        Raises: LoadedAlone.
        """
        while held := self._rows.get(ALONE):
            self._require_dead(held)
            self._rows.delete(ALONE, after=held)

    def is_held(self) -> bool:
        """Whether it is still ours."""
        held = self._rows.get(ALONE)
        return held is not None and self._is_mine(held)

    def beat(self, said: Mapping[str, Any]) -> bool:
        """Show that its holder lives; False where that is another by now, or none."""
        held = self._rows.get(ALONE)
        if held is None or not self._is_mine(held):
            return False
        return self._rows.put(ALONE, ALONE, {**held.said, **said}, after=held) or self.is_held()

    def release(self) -> None:
        """Let others load, if it is still ours; once more where a sign of life of ours came between."""
        while (held := self._rows.get(ALONE)) and self._is_mine(held):
            self._rows.delete(ALONE, after=held)

    def _is_mine(self, held: Row) -> bool:
        return bool(held.said["id"] == self._me.id)

    def _require_dead(self, held: Row) -> None:
        """Takes until the holder's next sign of life, or `patience` for a dead one."""
        if living := Watch(self._rows, self._me.id, patience=self._patience, kind=ALONE).living():
            since = held.said["since"] if held.said["id"] == living[0].id else living[0].heard
            raise LoadedAlone(name=self._rows.name.removesuffix("-ledger"), loader=living[0].place, since=since)
