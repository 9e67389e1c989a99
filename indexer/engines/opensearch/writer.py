"""Writes an index in a cluster: what is written is sent in the background, and acknowledged by a commit."""

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from indexer.article import Article, Deletion, Record
from indexer.engines.location import Location
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.contents.encodings import as_kept
from indexer.engines.opensearch.loading.ledger import ClusterLedger
from indexer.engines.opensearch.loading.load import Load
from indexer.engines.opensearch.loading.opening import open_version
from indexer.engines.opensearch.loading.reuse import old_vectors
from indexer.engines.opensearch.storing import upkeep
from indexer.engines.opensearch.storing.actions import put
from indexer.engines.opensearch.storing.delivery import of_ours
from indexer.engines.opensearch.storing.heads import Head, Heads
from indexer.engines.opensearch.storing.keeping import Keeping
from indexer.engines.opensearch.storing.patience import FOR_MINUTES, Patience, patiently
from indexer.engines.opensearch.storing.sending import Limits, Sender
from indexer.engines.protocol import Publication, Refused, Stored, VectorSpace
from indexer.engines.usable import distinct_ids, usable_id, usable_vector
from indexer.engines.writing import WriteOptions
from indexer.errors import IndexClosed, IndexerError
from indexer.ledger import Ledger

log = logging.getLogger(__name__)

T = TypeVar("T")
Vector = NDArray[np.float32]

_SPARE_CONNECTIONS = 2
"""Beside those for bulk requests: for what is read, and for the loader's sign of life."""


class OpenSearchWriter:
    """A `Writer` of the served version, or of the one that is being loaded. For one thread."""

    def __init__(
        self,
        location: Location,
        space: VectorSpace | None,
        *,
        make: bool,
        options: WriteOptions,
        patience: Patience = FOR_MINUTES,
    ) -> None:
        self._address, self._patience = address.parse(location.name), patience
        connections = options.connections
        self._cluster = Cluster(self._address, location.access, connections=connections + _SPARE_CONNECTIONS)
        try:
            self._version = open_version(self._cluster, space, make=make, options=options)
            self._old = old_vectors(self._cluster, self._version)
            self._load = Load(
                self._cluster,
                self._version,
                options.share,
                files=options.files,
                drop_old=options.drop_old,
                other_files=options.other_files,
            )
        except BaseException:
            self._cluster.close()
            raise
        self._index = self._version.name
        self._ledger = ClusterLedger(self._cluster, self._index, patience=patience)
        self._heads = Heads(self._cluster, self._index, patience)
        self._keeping = Keeping(self._heads, self._index, is_alone=lambda: self._load.is_alone)
        self._sender = Sender(
            self._cluster,
            of_ours(self._index),
            self._keeping.renew,
            confirm=self._load.confirm,
            limits=Limits(connections=connections),
            patience=patience,
        )
        self._seen: dict[str, Head | None] = {}
        self._is_closed = False

    @property
    def ledger(self) -> Ledger:
        """Which source files are done, by any loader."""
        return self._ledger

    @property
    def space(self) -> VectorSpace | None:
        """The vectors that this index holds."""
        return self._version.meta.space

    def stored(self, ids: Collection[str]) -> Mapping[str, Stored]:
        """What is stored for these ids, writes that are under way included; unknown ids are absent."""
        self._require_open()
        under_way = self._sender.unsettled(ids)
        self._seen = {}
        self._see(id for id in ids if id not in under_way)
        found = {id: head.stored for id, head in self._seen.items() if head is not None}
        return found | {id: action.stored for id, action in under_way.items()}

    def write(self, articles: Sequence[Article], vectors: Mapping[str, Vector], keep: Collection[str] = ()) -> None:
        """Store articles. Nothing of a call is sent if any part of it is unusable."""
        ids = distinct_ids(articles)
        checked = {id: self._sent(id, vectors[id]) for id in ids if id in vectors}
        heads = self._settled(ids)
        kept = [a for a in articles if a.id in keep and a.id not in checked and _has_vector(heads[a.id])]
        keeping = {article.id for article in kept}
        for article in articles:
            if article.id not in keeping:
                self._sender.put(put(article, heads[article.id], vector=checked.get(article.id)))
        for action in self._keeping.actions(kept, {id: head for id, head in heads.items() if head is not None}):
            if isinstance(action, Refused):
                self._sender.refuse(action)
            else:
                self._sender.put(action)

    def delete(self, deletions: Sequence[Deletion]) -> None:
        """Store tombstones; text and vector of these ids are gone."""
        newest: dict[str, Record] = {usable_id(deletion.id): deletion for deletion in deletions}
        heads = self._settled(newest)
        for id, deletion in newest.items():
            self._sender.put(put(deletion, heads[id]))

    def commit(self) -> None:
        """Wait until all is acknowledged and on disk; where everyone is served from this version, show it."""
        self._require_open()
        self._sender.drain()
        self._load.created(self._sender.created())
        self._try(upkeep.make_durable, "see that writes are durable")
        if self._load.is_served:
            self._try(upkeep.refresh, "refresh the index")

    def refused(self) -> list[Refused]:
        """What the cluster would not store, and what another loader's newer writes left without effect."""
        return self._sender.refused()

    def reusable(self, articles: Sequence[Article]) -> Mapping[str, Vector]:
        """Vectors of the same texts in the version that is served while this one is loaded beside it."""
        if self._old is None:
            return {}
        return self._again(partial(self._old.of, articles), "read vectors of the served version")

    def publish(self) -> Publication:
        """Have the alias name this version, if everyone who loads it is done."""
        self.commit()
        return self._again(self._load.finish, "publish the load")

    def optimize(self) -> None:
        """Merge segments: fewer graphs to search, and no room left for what was replaced."""
        self.commit()
        self._try(upkeep.merge, "merge the index")

    def close(self) -> None:
        """Send nothing more. What was not committed may be stored all the same."""
        if self._is_closed:
            return
        self._is_closed = True
        self._sender.close()
        try:
            self._load.leave()
        except IndexerError as error:  # nothing may take the place of an error that led here
            log.info("%s", error)  # the others see that this loader's counter stands still
        finally:
            self._cluster.close()

    def _try(self, what: Callable[[Cluster, str], None], doing: str) -> None:
        self._again(partial(what, self._cluster, self._index), doing)

    def _again(self, attempt: Callable[[], T], doing: str) -> T:
        return patiently(attempt, doing=doing, patience=self._patience)

    def _sent(self, id: str, vector: Vector) -> Vector:
        """The vector as the cluster keeps it, if it is one that it can keep."""
        usable = usable_vector(id, vector, self.space, location=self._address)
        return usable if self.space is None else as_kept(usable, self._version.meta.vectors, self.space)

    def _settled(self, ids: Collection[str]) -> dict[str, Head | None]:
        """What is stored under ids of which nothing is under way; what `stored` saw is not read again, but once."""
        self._require_open()
        self._sender.drain(ids)
        self._see(id for id in ids if id not in self._seen)
        return {id: self._seen.pop(id) for id in ids}

    def _see(self, ids: Iterable[str]) -> None:
        wanted = list(dict.fromkeys(ids))
        found = self._heads.read(wanted) if wanted else {}
        self._seen |= {id: found.get(id) for id in wanted}

    def _require_open(self) -> None:
        if self._is_closed:
            raise IndexClosed(location=self._address)


def _has_vector(head: Head | None) -> bool:
    return head is not None and head.stored.has_vector
