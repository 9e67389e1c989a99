"""The mark of a publisher: in a version's ledger from before it is inspected until all is done that follows the swap.

Who would drop the version looks for it. A thread raises its counter, however long the inspection and the waiting take;
a counter that stands still is a dead publisher's, on whichever host it ran.
"""

import logging
import threading
import uuid
from dataclasses import asdict, replace
from datetime import UTC, datetime

from indexer.engines.opensearch.loading import loaders
from indexer.engines.opensearch.loading.ledger_index import PUBLISHING, LedgerIndex
from indexer.engines.opensearch.loading.loaders import Loader, Watch
from indexer.engines.writing import Share
from indexer.errors import IndexerError

log = logging.getLogger(__name__)


class Mark:
    """The mark that this process sets. Of several publishers of one version, who set it last is seen; all go on."""

    def __init__(self, rows: LedgerIndex, *, drop_old: bool, beat: float) -> None:
        """Nothing yet; it stands there from the beginning of a `with` block, and after its end until it is removed.

        Args:
            drop_old: part of what follows the swap, for whoever has to do that in our place.
            beat: seconds between two signs of life, within the block.
        """
        self._rows, self._drop_old, self._seconds = rows, drop_old, beat
        self._me = Loader(
            id=f"publisher-{uuid.uuid4().hex}", share=str(Share()), state="loading", beat=0, created=0, heard=_now(),
            **loaders.place(),
        )  # fmt: skip
        self._over = threading.Event()
        self._beating = threading.Thread(target=self._beat_until_over, name="heartbeat", daemon=True)

    def __enter__(self) -> "Mark":
        self.put()
        self._beating.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def put(self) -> None:
        """Set it, or set it again: another publisher may have set its own, and taken that away."""
        self._rows.put(PUBLISHING, PUBLISHING, {**asdict(self._me), "drop_old": self._drop_old})

    def remove(self) -> None:
        """Take it away, unless another publisher's stands there by now."""
        self._stop()
        found = self._rows.get(PUBLISHING)
        if found is not None and found.said.get("id") == self._me.id:
            self._rows.delete(PUBLISHING, after=found)

    def _stop(self) -> None:
        self._over.set()
        self._beating.join()

    def _beat_until_over(self) -> None:
        while not self._over.wait(self._seconds):
            self._me = replace(self._me, beat=self._me.beat + 1, heard=_now())
            try:
                self.put()
            except IndexerError as error:
                log.info("A sign of life was not sent: %s", error)


def publisher(rows: LedgerIndex, *, patience: float) -> Loader | None:
    """Who is publishing the version, for certain; takes until its next sign of life, or `patience` for a dead one."""
    return next(iter(Watch(rows, patience=patience, kind=PUBLISHING).living()), None)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
