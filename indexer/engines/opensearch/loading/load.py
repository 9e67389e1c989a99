"""One process's part in loading a version: seen by the others for as long as it lives, and the last one publishes.

Without a share, and with no other loader about, it loads alone, and nobody may join it (alone.py).
A version that the alias serves already is simply written to: nothing is turned down, and nobody has to be waited for;
but a rebuild waits for those who write to the version that it would replace.
"""

import logging
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.errors import TakenForDead
from indexer.engines.opensearch.loading import loaders
from indexer.engines.opensearch.loading.alone import Lock
from indexer.engines.opensearch.loading.carrying import take_over_arrivals
from indexer.engines.opensearch.loading.given import keep_given
from indexer.engines.opensearch.loading.ledger import ClusterLedger
from indexer.engines.opensearch.loading.ledger_index import LedgerIndex
from indexer.engines.opensearch.loading.listing import Listing, agree, unloaded
from indexer.engines.opensearch.loading.loaders import Loader, State, Watch
from indexer.engines.opensearch.loading.lowering import lower, restore
from indexer.engines.opensearch.loading.publishing import GRACE, PublishOptions, complete, publish
from indexer.engines.opensearch.loading.versions import Version, find_versions, ledger_name
from indexer.engines.protocol import Publication
from indexer.engines.writing import DEFAULT, Share
from indexer.errors import IndexerError

log = logging.getLogger(__name__)

BEAT = 5.0
"""Seconds between two signs of life."""

PATIENCE = 30.0
"""Seconds without one after which a loader is taken for dead."""


class Load:
    """This process's load of one version, from when it is made until `finish` or `leave`."""

    def __init__(
        self,
        cluster: Cluster,
        version: Version,
        share: Share = DEFAULT.share,
        *,
        files: Sequence[str] = (),
        drop_old: bool = False,
        other_files: bool = False,
        beat: float = BEAT,
        patience: float = PATIENCE,
        grace: float = GRACE,
    ) -> None:
        """Register, and turn refresh and copies down, unless the version is served already.

        Args:
            share: which share of the files is loaded here.
            files: names of the files of all shares; (): not told.
            drop_old: drop the versions before this one once it is served.
            other_files: serve it though it lacks files that the served version had been given when this one was begun,
                or that others with shares of it were given.
            beat: seconds between two signs of life.
            patience: seconds without one after which another loader is taken for dead; several beats.
            grace: seconds that searches of dropped versions are given to end.

        Raises:
            LoadedAlone: another loads the version alone.
            OtherFiles: the shares before this one are of other files.
        """
        self._cluster, self._version, self._share = cluster, version, share
        self._given = Listing(share=share, names=sorted(files), other_files=other_files)
        self._options = PublishOptions(
            other_files=other_files, drop_old=drop_old, grace=grace, patience=patience, beat=beat
        )
        self._rows = LedgerIndex(cluster, ledger_name(version.name))
        self._is_served, self._created = version.is_served, 0
        self._me = Loader(
            id=f"loader-{uuid.uuid4().hex}", share=str(share), state="loading", beat=0, created=0, heard=_now(),
            **loaders.place(),
        )  # fmt: skip
        self._watch = Watch(self._rows, self._me.id, patience=patience)
        self._lock, self._is_alone = Lock(self._rows, self._me, patience=patience), False
        self._patience, self._proven_at, self._is_given_up = patience, time.monotonic(), False
        self._over, self._is_registered = threading.Event(), False
        self._beating = threading.Thread(target=self._beat_until_over, args=(beat,), name="heartbeat", daemon=True)
        self._start()

    @property
    def is_served(self) -> bool:
        """Whether the alias names the version: from the start, or since another loader published it."""
        return self._is_served

    @property
    def is_alone(self) -> bool:
        """Whether no other loader may write to the version until this one is done."""
        return self._is_alone

    def confirm(self) -> None:
        """Ask, unless that is known from a sign of life just now, whether others still count on us: to be called before
        anything is written, as a process may have stood still, or have been cut off, for any time.

        Raises: TakenForDead.
        """
        asked_at = time.monotonic()
        if self._over.is_set() or not (self._is_given_up or self._was_silent(asked_at)):
            return
        if self._is_given_up or not self._is_counted_on():
            raise TakenForDead(name=self._version.name)
        self._proven_at = asked_at

    def created(self, documents: int) -> None:
        """Count documents that were new to the version: it must hold at least as many when it is published."""
        self._created += documents

    def finish(self) -> Publication:
        """Our share is done: publish the version, if nobody else is at work on it and no other share is missing.

        Raises:
            UnsoundVersion: what is stored is not what was loaded; nothing is published.
            IndexerError: the cluster refuses.
        """
        if self._is_served:
            return self._finish_served()
        self._end("done")
        name = self._version.name
        if living := self._watch.living():
            others = "; ".join(map(str, living[:3])) + ("; …" if len(living) > 3 else "")
            return Publication(False, f"{name!r} is served once all who load it are done; still at work: {others}.")
        if lacking := self._lacking():
            return Publication(False, f"{name!r} is not served yet: {lacking}")
        published = publish(self._cluster, self._version, self._options)
        self._is_served = published.is_served
        return published

    def _lacking(self) -> str:
        """Which shares or files are not loaded, though nobody is at work any more, and what to do; "" if all are."""
        if undone := loaders.missing(self._rows, self._share):
            shares = ", ".join(undone[:20]) + (", …" if len(undone) > 20 else "")
            advice = f"Run the same command with --shard {undone[0]}, or without --shard for all that is not done."
            return f"nobody is loading these shares of the files: {shares}. {advice}"
        return unloaded(self._rows, ClusterLedger(self._cluster, self._version.name), self._given)

    def leave(self) -> None:
        """Stop before our share is done, or after `finish`: the others need not wait for us."""
        if not self._over.is_set():
            self._end("left")

    def _finish_served(self) -> Publication:
        """Nothing to publish, unless somebody did not come to an end with it; but it may have been replaced."""
        self._end("done")
        complete(self._cluster, self._version, self._options)
        served = find_versions(self._cluster).served
        if served is None or served.name != self._version.name:
            now = "no version" if served is None else repr(served.name)
            note = f"{self._version.name!r} was replaced: {now} is served now. Run the same command again to load that."
            return Publication(False, note)
        return Publication(True)

    def _start(self) -> None:
        """Known to the others first: whoever publishes after that waits for us; who did before is seen after it."""
        try:
            if not self._is_served:
                keep_given(self._cluster, self._version)  # before anything is waited for, which may be long
            self._join()
            if not self._is_served:
                lower(self._cluster, self._rows, self._version)
                take_over_arrivals(self._cluster, self._version)
                served = find_versions(self._cluster).served
                if served is not None and served.name == self._version.name:
                    restore(self._cluster, self._rows, self._version)
                    self._is_served = True
        except BaseException:
            with suppress(IndexerError):  # the first error is the one to tell
                self._end("left")
            raise

    def _join(self) -> None:
        """Beside others who have shares, or alone."""
        if self._share.of > 1:
            self._lock.require_nobody()  # once more below: this time, so that who is refused leaves no trace
            if not self._is_served:
                agree(self._rows, self._version, self._given)
            self._appear()
            self._lock.require_nobody()
            return
        self._lock.take()
        self._is_alone = True
        self._appear()
        seen = list(self._rows.all(loaders.LOADER))
        if self._watch.living() or not loaders.give_up(self._rows, seen, but=self._me.id):
            self._is_alone = False
            self._lock.release()

    def _appear(self) -> None:
        loaders.register(self._rows, self._me, is_served=self._is_served)
        self._is_registered = True
        self._beating.start()

    def _end(self, state: State) -> None:
        """Stop the signs of life and say how it ended."""
        self._over.set()
        if self._beating.is_alive():
            self._beating.join()
        if self._is_registered and self._is_served:
            self._rows.delete(self._me.id)
        elif self._is_registered:
            loaders.ended(self._rows, replace(self._me, state=state, created=self._created, heard=_now()))
        if self._is_alone:
            self._lock.release()
            self._is_alone = False

    def _beat_until_over(self, seconds: float) -> None:
        beat = 0
        while not self._over.wait(seconds):
            beat += 1
            try:
                self._beat(beat)
                self._watch.look()
            except IndexerError as error:
                log.info("A sign of life was not sent: %s", error)

    def _beat(self, beat: int) -> None:
        sent_at, said = time.monotonic(), {"beat": beat, "created": self._created, "heard": _now()}
        self._is_given_up = self._is_given_up or (self._was_silent(sent_at) and not self._is_counted_on())
        if not self._rows.update(self._me.id, said):
            self._forgotten()
        if self._is_alone and not self._lock.beat(said):
            self._is_given_up = self._is_alone  # unless we let go of it just now
        self._proven_at = sent_at

    def _forgotten(self) -> None:
        """Who publishes a version removes its loaders, and they go on with one that is served; else somebody lost the
        ledger, and what it said of us.
        """
        served = find_versions(self._cluster).served
        if served is None or served.number < self._version.number:
            self._is_given_up = True
            return
        self._is_served = True
        if not self._is_given_up:
            loaders.register(self._rows, self._me, is_served=True)

    def _was_silent(self, now: float) -> bool:
        """Whether others may take us for dead soon, or did."""
        return now - self._proven_at >= self._patience / 2

    def _is_counted_on(self) -> bool:
        """After a silence: whether nobody took our place, or gave us up to go on alone."""
        if self._is_alone:
            return self._lock.is_held()
        if not self._rows.update(self._me.id, {"heard": _now()}):  # who is about to give us up notices that
            return False
        me = self._rows.get(self._me.id)
        return me is not None and me.said["state"] == "loading"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
