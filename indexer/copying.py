"""Copy an index to another place or engine: records, tombstones, vectors and ledger; nothing is encoded."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from indexer.article import Article, Deletion
from indexer.decisions import WRITTEN, decide
from indexer.engines.protocol import IndexInfo, Reader, Row, Stored, VectorSpace, Writer
from indexer.engines.usable import describe
from indexer.errors import ArrivalsDisagree, IncompleteCopy, VectorMismatch
from indexer.ledger import Ledger
from indexer.progress import Counts, Outcome, count
from indexer.rejects import Rejects
from indexer.written import Written


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a copy goes about it."""

    chunk: int = 1024
    """Rows that are decided on together."""
    commit_every: int = 20_000
    """Rows written between commits."""
    location: str = "the target"
    """What messages call the target."""
    rejects: Rejects = field(default_factory=lambda: Rejects(None))
    """Where rows are noted that the target would not store."""


DEFAULT = Options()


def copy(
    source: Reader, ledger: Ledger, target: Writer, *, options: Options = DEFAULT
) -> Generator[Counts, None, None]:
    """Carry every row over, the higher order winning where the target holds an id; yields the counts so far.

    Running it again after a stop passes over what is there. The files that `ledger` holds as finished count as
    finished in the target once all rows are committed, unless the target knows another file of that name; take it
    from the source before `source` is opened, so that it names no file whose records came later.

    Raises:
        VectorMismatch: the target holds other vectors than the source; before anything is written.
        ArrivalsDisagree: both numbered unnumbered files for themselves; before anything is written.
    """
    info = source.info(versions=False)
    require_same_space(info, target.space, options.location)
    require_one_sequence(info.location, ledger, options.location, target.ledger)
    strangers = {name for name, _ in target.ledger.begun() - ledger.begun()}
    for (name, digest), sequence in ledger.arrivals().items():
        target.ledger.adopt(name, digest, sequence)
    for name, digest in sorted(ledger.begun()):
        target.ledger.begin(name, digest)
    counts, written, uncommitted = Counts(), Written(), 0
    for rows in _chunks(source.rows(), options.chunk):
        stored = target.stored([row.record.id for row in rows])
        outcomes = {row.record.id: _outcome(row, stored.get(row.record.id)) for row in rows}
        wanted = [row for row in rows if outcomes[row.record.id] in WRITTEN]
        _write(wanted, target)
        written.note([row.record for row in wanted], {id: [outcome] for id, outcome in outcomes.items()})
        uncommitted += len(wanted)
        counts += count(outcomes.values())
        if uncommitted >= options.commit_every:
            counts += _commit(target, written, options.rejects)
            uncommitted = 0
        yield counts
    counts += _commit(target, written, options.rejects)
    yield counts
    for entry in ledger.entries():
        if entry.name not in strangers and target.ledger.find(entry.name, entry.digest) is None:
            target.ledger.tick(entry)


def _commit(target: Writer, written: Written, rejects: Rejects) -> Counts:
    """What to add to the counts, because the target refused some of what was written."""
    target.commit()
    change = written.settle(target.refused(), rejects)
    rejects.sync()
    return change


def require_same_space(source: IndexInfo, target: VectorSpace | None, location: str = DEFAULT.location) -> None:
    """Refuse a target whose vectors are of another kind, naming both; precision may differ."""
    fits = source.space is None and target is None
    if source.space is not None and target is not None:
        fits = target.fits(source.space)
    if not fits:
        asked = f"{describe(source.space)} from {source.location!r}"
        raise VectorMismatch(index=location, stored=describe(target), asked=asked)


def require_one_sequence(source: str, ledger: Ledger, location: str, target: Ledger) -> None:
    """Refuse a target that gave a number to another file, or a file another number: it counted for itself.

    Both may know two files of one number: one that a rebuild in a cluster was given, and a deletion by hand meanwhile.
    """
    ours, theirs = ledger.arrivals(), target.arrivals()
    unknown = {sequence: file for file, sequence in theirs.items() if ours.get(file) != sequence}
    for file, sequence in ours.items():
        seen = (theirs[file], file) if file in theirs else (sequence, unknown.get(sequence, file))
        if seen != (sequence, file):
            raise ArrivalsDisagree(source=source, target=location, one=_arrival(sequence, file), other=_arrival(*seen))


def _arrival(sequence: int, file: tuple[str, str]) -> str:
    name, digest = file
    return f"arrival {sequence} is {name!r} ({digest[:8]})"


def require_complete(source: IndexInfo, target: IndexInfo, counts: Counts) -> None:
    """Compare both ends of a copy that is done; where the target was newer in places, only that no id is missing.

    Raises:
        IncompleteCopy: the figures differ.
    """
    held, wanted = _figures(target), _figures(source)
    ids_held, ids_wanted = target.articles + target.tombstones, source.articles + source.tombstones
    same_ids = ids_held == ids_wanted and not counts.superseded and not counts.rejected
    if ids_held + counts.rejected < ids_wanted or counts.read != ids_wanted or (same_ids and held != wanted):
        raise IncompleteCopy(target=target.location, held=held, wanted=wanted)


def _figures(info: IndexInfo) -> str:
    return f"{info.articles} articles, {info.vectors} vectors and {info.tombstones} tombstones"


def _chunks(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, size)):
        yield chunk


def _outcome(row: Row, stored: Stored | None) -> Outcome:
    outcome = decide(row.record, stored)
    if outcome == "unchanged" and row.vector is not None and stored is not None and not stored.has_vector:
        return "replaced"
    return outcome


def _write(rows: Sequence[Row], target: Writer) -> None:
    articles = [row.record for row in rows if isinstance(row.record, Article)]
    deletions = [row.record for row in rows if isinstance(row.record, Deletion)]
    if deletions:
        target.delete(deletions)
    if articles:
        vectors = {row.record.id: row.vector for row in rows if row.vector is not None}
        target.write(articles, vectors)
