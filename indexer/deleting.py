"""Delete articles by hand: tombstones that count as newer than everything stored or seen so far."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from indexer.article import Deletion
from indexer.engines.protocol import Writer
from indexer.order import Stamp, arrival_stamp, pack, version_of

SOURCE = "(deleted by hand)"
"""The source that such a tombstone names, and the name under which the ledger counts it as an arrival."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """Which of the ids asked for are gone now, and which were not there (unknown, or deleted before)."""

    deleted: tuple[str, ...]
    missing: tuple[str, ...]


def delete(ids: Sequence[str], writer: Writer) -> Deleted:
    """Delete and commit. Only a file that arrives later and carries no NLM number can bring an article back,
    or one with a higher PMID version. An id that is not there gets no tombstone.
    """
    asked = list(dict.fromkeys(ids))
    stored = writer.stored(asked)
    present = [id for id in asked if id in stored and not stored[id].deleted]
    if present:
        # Named by what it deletes, so that the same command after a crash is the same arrival.
        facts = orjson.dumps([(id, stored[id].order) for id in present])
        stamp = arrival_stamp(writer.ledger.arrival(SOURCE, hashlib.sha256(facts).hexdigest()))
        writer.delete([_tombstone(id, stamp, version_of(stored[id].order)) for id in present])
        writer.commit()
    return Deleted(deleted=tuple(present), missing=tuple(id for id in asked if id not in set(present)))


def _tombstone(id: str, stamp: Stamp, version: int) -> Deletion:
    order = pack(stamp, version=version, deletion=True)
    return Deletion(id=id, order=order, version=version, source=SOURCE)
