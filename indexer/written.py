"""What a load wrote since its last commit, so that what the engine would not store can be taken out of the counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from indexer.article import Article, Deletion, Record
from indexer.engines.protocol import Refused
from indexer.order import position_of
from indexer.progress import Counts, Outcome, count
from indexer.rejects import Rejects
from indexer.sources import Rejected


@dataclass(frozen=True, slots=True)
class _Write:
    record: Record
    outcomes: Sequence[Outcome]
    """What was counted for it; more than one where an id came several times in a chunk."""


@dataclass(slots=True)
class Written:
    """Writes, until they are committed."""

    _by_id: dict[str, list[_Write]] = field(default_factory=dict)

    def note(self, records: Iterable[Article | Deletion], outcomes: Mapping[str, Sequence[Outcome]]) -> None:
        """These were given to the writer; `outcomes`: what will be counted, by id."""
        for record in records:
            self._by_id.setdefault(record.id, []).append(_Write(record, outcomes[record.id]))

    def settle(self, refused: Iterable[Refused], rejects: Rejects) -> Counts:
        """After a commit: what to add to the counts so that what was refused counts as rejected, or as superseded by
        what another loader stored. Of several writes of one id the last is taken for the one that was refused.
        """
        change = Counts()
        for told in refused:
            writes = self._by_id.get(told.id)
            if not writes:
                continue
            write = writes.pop()
            if not told.is_superseded:
                position = position_of(write.record.order) + 1
                rejected = Rejected(position=position, id=told.id, reason=f"not stored: {told.reason}")
                rejects.add(write.record.source, rejected)
            change += _moved(write, "superseded" if told.is_superseded else "rejected")
        self._by_id.clear()
        return change


def _moved(write: _Write, to: Outcome) -> Counts:
    was = count(write.outcomes)
    return Counts(
        added=-was.added,
        replaced=-was.replaced,
        deletions=-was.deletions,
        without_text=-(isinstance(write.record, Article) and not write.record.has_text),
    ) + count([to] * len(write.outcomes))
