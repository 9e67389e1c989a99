"""Whether a record that arrives is newer than what is stored: the one place that compares orders."""

from indexer.article import Article, Deletion, Record, text_digest
from indexer.article_json import record_digest
from indexer.engines.protocol import Stored
from indexer.order import same_file
from indexer.progress import Outcome

WRITTEN: frozenset[Outcome] = frozenset({"added", "replaced", "deletions"})
"""The outcomes after which the record is stored."""


def decide(record: Record, stored: Stored | None, *, again: bool = False, reissued: bool = False) -> Outcome:
    """The higher order wins, whatever arrived first; of two equal orders the one that arrives now.

    Args:
        record: what arrives.
        stored: what is under its id; None for an unknown id.
        again: store a record that is stored already once more (`--force`).
        reissued: the file came before with other bytes (it was repaired), so that positions within it say nothing
            about what is stored from it.
    """
    if stored is None:
        return "deletions" if isinstance(record, Deletion) else "added"
    older = record.order < stored.order
    if older and not (reissued and same_file(record.order, stored.order)):
        return "superseded"
    same = record.order == stored.order and record_digest(record) == stored.record_digest
    if same and not again:
        return "unchanged"
    if isinstance(record, Deletion):
        return "deletions"
    return "added" if stored.deleted else "replaced"


def as_stored(record: Record, *, has_vector: bool) -> Stored:
    """What a writer would say of a record once it is written."""
    return Stored(
        order=record.order,
        deleted=isinstance(record, Deletion),
        text_digest=text_digest(record) if isinstance(record, Article) else "",
        record_digest=record_digest(record),
        has_vector=has_vector,
    )


def keeps_vector(article: Article, stored: Stored | None) -> bool:
    """Whether the stored vector is of the very text that the article has, so that nothing needs encoding."""
    return stored is not None and stored.has_vector and stored.text_digest == text_digest(article)
