"""Source files → decisions → vectors → writes: the load of an index, which can be stopped anywhere and run again."""

import logging
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from indexer import sources
from indexer.article import Article, Deletion
from indexer.batch import Batch, plan
from indexer.engines.protocol import Writer
from indexer.engines.usable import describe
from indexer.errors import VectorMismatch
from indexer.inputs import source_files
from indexer.ledger import FileEntry
from indexer.order import arrival_stamp, stamp_from_name
from indexer.progress import Counts, FileReport, Progress
from indexer.readahead import chunks
from indexer.rejects import Rejects
from indexer.sources import BrokenSource
from indexer.written import Written
from onnx_models.encoder import Encoder

log = logging.getLogger(__name__)

Vectors: TypeAlias = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a load goes about it."""

    force: bool = False
    """Read finished files again, and store again what is stored already; unchanged texts are still not encoded."""
    chunk: int = 1024
    """Records that are decided on together, …"""
    chunk_bytes: int = 1 << 24
    """… fewer where they were read from more bytes than this; two such chunks are in memory at a time."""
    slice: int = 128
    """Articles that are encoded and written together; progress is told after each."""
    commit_records: int = 5_000
    """Commit after this many writes, or …"""
    commit_bytes: int = 1 << 27
    """… after this much was read (the storage library holds what is uncommitted in memory), or …"""
    commit_seconds: float = 30.0
    """… this long after the last commit, whichever comes first, and at the end of each file."""
    clock: Callable[[], float] = time.monotonic


DEFAULT = Options()


def ingest(
    paths: Sequence[Path], writer: Writer, encoder: Encoder | None, *, rejects: Rejects, options: Options = DEFAULT
) -> Generator[Progress, None, None]:
    """Store the records of files, the highest `order` of each id winning; the last Progress is the summary.

    A file that breaks is reported with what was whole in it kept, and the others go on. On Ctrl-C, and when the
    iterator is closed early, what is whole is committed first; the same call again goes on from there.

    Raises:
        NoSuchSource: before anything is read.
        VectorMismatch: the index holds vectors of another encoder than this one; before anything is read.
    """
    require_partner(writer, encoder)
    load = _Load(source_files(paths), writer, encoder, rejects, options)
    try:
        for path in load.files:
            yield from load.file(path)
    except (KeyboardInterrupt, GeneratorExit):
        load.keep_what_is_whole()
        raise


def require_partner(writer: Writer, encoder: Encoder | None) -> None:
    """Refuse an encoder whose vectors do not belong into the index, naming both."""
    space = writer.space
    fits = space is None and encoder is None
    if space is not None and encoder is not None:
        fits = (space.fingerprint, space.dimension, space.similarity) == (
            encoder.fingerprint,
            encoder.dimension,
            encoder.similarity,
        )
    if not fits:
        raise VectorMismatch(index="the open writer", stored=describe(space), asked=describe(encoder))


class _Load:
    """One run over some files: what is uncommitted, and since when."""

    def __init__(
        self,
        files: Sequence[Path],
        writer: Writer,
        encoder: Encoder | None,
        rejects: Rejects,
        options: Options,
    ) -> None:
        self.files = files
        self._writer, self._encoder, self._rejects, self._options = writer, encoder, rejects, options
        self._reports: list[FileReport] = []
        self._file, self._counts, self._done = "", Counts(), Counts()
        self._written = Written()
        self._uncommitted = 0
        self._committed_at = options.clock()
        self._meter, self._committed_bytes = sources.Meter(), 0
        self._torn = False
        entries = writer.ledger.entries()
        self._finished = {(entry.name, entry.stat): entry for entry in entries if entry.stat}

    def file(self, path: Path) -> Iterator[Progress]:
        """Read one file to its end, or to where it breaks."""
        self._file, self._counts = sources.name_of(path), Counts()
        name = self._file
        try:
            stat = sources.looks(path)
            digest = "" if self._is_finished(name, stat) else self._digest(path, stat)
            if not digest:
                yield self._close(FileReport(name=name, status="skipped"))
                return
            with closing(self._batches(path, digest)) as batches:
                for batch in batches:
                    self._counts += batch.settled
                    for written in self._store(batch):
                        self._counts += written
                        yield self._progress()
        except BrokenSource as error:
            self._commit()
            log.info("%s", error)
            yield self._close(FileReport(name=name, status="broken", counts=self._counts, reason=str(error)))
        else:
            self._commit()
            self._writer.ledger.tick(_entry(name, digest, stat, self._counts))
            yield self._close(FileReport(name=name, status="done", counts=self._counts))

    def _is_finished(self, name: str, stat: str) -> bool:
        """Whether a file is the finished one by its looks, so that it need not be hashed."""
        return (name, stat) in self._finished and not self._options.force

    def _digest(self, path: Path, stat: str) -> str:
        """The digest of a file that has to be read; "" for one that is finished, which is known by its looks now."""
        sources.verify_md5(path)
        digest = sources.digest(path)
        finished = self._writer.ledger.find(sources.name_of(path), digest)
        if finished is None or self._options.force:
            return digest
        self._writer.ledger.tick(replace(finished, stat=stat))
        return ""

    def keep_what_is_whole(self) -> None:
        """Commit, unless we were stopped halfway through a write: then the last commit stands."""
        if not self._torn:
            self._commit()

    def _batches(self, path: Path, digest: str) -> Generator[Batch, None, None]:
        name, ledger, options = sources.name_of(path), self._writer.ledger, self._options
        stamp = stamp_from_name(name) or arrival_stamp(ledger.arrival(name, digest))
        reissued = any(begun == name and before != digest for begun, before in ledger.begun())
        ledger.begin(name, digest)
        records = sources.read(path, stamp, self._meter)
        with closing(chunks(records, options.chunk, read=self._bytes_read, most=options.chunk_bytes)) as found:
            for chunk in found:
                for rejected in (item for item in chunk if isinstance(item, sources.Rejected)):
                    self._rejects.add(name, rejected)
                yield plan(
                    chunk, self._writer, encodes=self._encoder is not None, again=options.force, reissued=reissued
                )

    def _store(self, batch: Batch) -> Iterator[Counts]:
        if batch.deletions:
            with self._one_write(batch, batch.deletions):
                self._writer.delete(batch.deletions)
        if batch.ready:
            with self._one_write(batch, batch.ready):
                self._writer.write(batch.ready, batch.reused, batch.keep)
        yield batch.counts([*batch.deletions, *batch.ready])
        with closing(chunks(self._encoded(batch.to_encode), 1)) as slices:
            for ((articles, vectors),) in slices:
                with self._one_write(batch, articles):
                    self._writer.write(articles, vectors)
                yield batch.counts(articles)

    def _encoded(self, articles: Sequence[Article]) -> Iterator[tuple[Sequence[Article], Vectors]]:
        """Slices with their vectors; one is encoded ahead while the one before it is written."""
        if self._encoder is None:
            return
        size = self._options.slice
        for part in (articles[start : start + size] for start in range(0, len(articles), size)):
            rows = self._encoder.encode([article.passage for article in part])
            yield part, {article.id: row for article, row in zip(part, rows, strict=True)}

    @contextmanager
    def _one_write(self, batch: Batch, records: Sequence[Article | Deletion]) -> Iterator[None]:
        """Around one call to the writer: torn until it returns, then perhaps time for a commit."""
        self._torn = True
        yield
        self._torn = False
        self._written.note(records, batch.outcomes)
        self._uncommitted += len(records)
        late = self._options.clock() - self._committed_at >= self._options.commit_seconds
        much = self._bytes_read() - self._committed_bytes >= self._options.commit_bytes
        if late or much or self._uncommitted >= self._options.commit_records:
            self._commit()

    def _bytes_read(self) -> int:
        return self._meter.unpacked

    def _commit(self) -> None:
        self._rejects.sync()
        if self._uncommitted:
            self._torn = True
            self._writer.commit()
            self._torn = False
            self._counts += self._written.settle(self._writer.refused(), self._rejects)
            self._rejects.sync()
        self._uncommitted, self._committed_at = 0, self._options.clock()
        self._committed_bytes = self._bytes_read()

    def _progress(self) -> Progress:
        return Progress(
            file=self._file,
            files_total=len(self.files),
            reports=tuple(self._reports),
            counts=self._done + self._counts,
            uncommitted=self._uncommitted,
        )

    def _close(self, report: FileReport) -> Progress:
        self._reports.append(report)
        self._done += report.counts
        self._counts = Counts()
        return self._progress()


def _entry(name: str, digest: str, stat: str, counts: Counts) -> FileEntry:
    figures = {name: value for name, value in asdict(counts).items() if name not in ("encoded", "without_text")}
    finished = datetime.now(UTC).isoformat(timespec="seconds")
    return FileEntry(name=name, digest=digest, read=counts.read, finished=finished, stat=stat, **figures)
