"""A chunk of records turned into what has to be written: which win, which keep their vector, which are encoded."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from indexer.article import Article, Deletion, Record
from indexer.decisions import WRITTEN, as_stored, decide, keeps_vector
from indexer.engines.protocol import Writer
from indexer.progress import Counts, Outcome, count
from indexer.sources import Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one chunk leaves to be done; an id is in one of the three lists at most."""

    deletions: Sequence[Deletion]
    ready: Sequence[Article]
    """Articles that need no encoding."""
    keep: frozenset[str]
    """Ids of `ready` that keep the vector they have; …"""
    reused: Mapping[str, NDArray[np.float32]]
    """… those that take the one that an older version of the index holds; the others are stored without."""
    to_encode: Sequence[Article]
    """By length of text, so that a slice of them fills the encoder's batches evenly."""
    settled: Counts
    """Of the records that are not written."""
    outcomes: dict[str, list[Outcome]]
    """Id → outcomes of its records that are settled once it is written: more than one where an id repeats."""

    def counts(self, written: Iterable[Article | Deletion]) -> Counts:
        """What came of the records behind these, now that they are written."""
        records = list(written)
        counts = count(outcome for record in records for outcome in self.outcomes[record.id])
        articles = [record for record in records if isinstance(record, Article)]
        encoded = {article.id for article in self.to_encode}
        return replace(
            counts,
            encoded=sum(article.id in encoded for article in articles),
            without_text=sum(not article.has_text for article in articles),
        )


def plan(
    chunk: Sequence[Record | Rejected],
    writer: Writer,
    *,
    encodes: bool,
    again: bool = False,
    reissued: bool = False,
) -> Batch:
    """Decide on each record, those before it in the chunk counted as written; `encodes`: the index holds vectors."""
    stored = writer.stored({record.id for record in chunk if not isinstance(record, Rejected)})
    winners: dict[str, Record] = {}
    settled: list[Outcome] = []
    outcomes: dict[str, list[Outcome]] = {}
    for record in chunk:
        if isinstance(record, Rejected):
            settled.append("rejected")
            continue
        earlier = winners.get(record.id)
        known = stored.get(record.id) if earlier is None else as_stored(earlier, has_vector=encodes)
        outcome = decide(record, known, again=again, reissued=reissued and earlier is None)
        if outcome in WRITTEN:
            winners[record.id] = record
            outcomes.setdefault(record.id, []).append(outcome)
        else:
            settled.append(outcome)
    articles = [record for record in winners.values() if isinstance(record, Article)]
    keep = frozenset(a.id for a in articles if encodes and keeps_vector(a, stored.get(a.id)))
    new = [a for a in articles if encodes and a.has_text and a.id not in keep]
    reused = writer.reusable(new) if new else {}
    to_encode = [article for article in new if article.id not in reused]
    encoded = {article.id for article in to_encode}
    return Batch(
        deletions=[record for record in winners.values() if isinstance(record, Deletion)],
        ready=[article for article in articles if article.id not in encoded],
        keep=keep,
        reused=reused,
        to_encode=sorted(to_encode, key=lambda article: len(article.title) + len(article.abstract)),
        settled=count(settled),
        outcomes=outcomes,
    )
