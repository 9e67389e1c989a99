"""Write a dataset: queries one after the other, each text once; it appears whole, or not at all."""

import os
import shutil
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, TypeVar

from onnx_models.storage import storing
from onnx_models.training.dataset import header, shards
from onnx_models.training.dataset.examples import KINDS, Kind, Passage, RankList
from onnx_models.training.dataset.known import KnownRows
from onnx_models.training.dataset.reading import Dataset, open_dataset
from onnx_models.training.dataset.stores import NUMBER, RowsWriter, TextsWriter
from onnx_models.training.errors import BadExample, DatasetExists, EmptyDataset, UnknownKind


class _Closable(Protocol):
    """A file that is open."""

    def close(self) -> None:
        """Write what is left, and let go of it."""


C = TypeVar("C", bound=_Closable)

WIDTHS: Mapping[Kind, int] = {"pairs": 2, "lists": 1}
"""Numbers of an example: a query's row, and for a pair which of its positives."""


class DatasetWriter:
    """A dataset being written, beside its place; `finish` puts it there, and leaving the block without that drops it.

        with DatasetWriter(folder, "pairs", seed=2023) as writer:
            for ranked in …:
                writer.write(ranked)
            dataset = writer.finish(counts)

    Raises:
        DatasetExists: something lies at the place.
        StorageFailed: here and in each method: the disk is full, or may not be written.
    """

    def __init__(self, folder: Path, kind: Kind, *, seed: int = 2023, in_a_shard: int = shards.IN_A_SHARD) -> None:
        if kind not in KINDS:
            raise UnknownKind(kind=kind, known=KINDS)
        if folder.exists():
            raise DatasetExists(folder=folder)
        self.folder, self._kind, self._seed, self._in_a_shard = folder, kind, seed, in_a_shard
        self._partial = folder.absolute().with_name(f".{folder.absolute().name}.partial")
        self.notes, self.workspace = self._partial / "notes", self._partial / "workspace"
        """Folders for files about the data, which are kept beside it, and for what is of no use afterwards."""
        self._open_files, self._has_scores = ExitStack(), False
        self.examples = 0
        """So far, of its kind."""
        with storing(folder):
            shutil.rmtree(self._partial, ignore_errors=True)  # of a run that was killed
            for made in (self._partial, self.notes, self.workspace):
                made.mkdir(parents=True)
            try:
                self._open()
            except BaseException:
                self.__exit__(None, None, None)
                raise

    def _open(self) -> None:
        self._queries = self._kept(TextsWriter(self._partial, "queries"))
        self._passages = self._kept(TextsWriter(self._partial, "passages"))
        self._positives = self._kept(RowsWriter(self._partial, "positives", NUMBER))
        self._negatives = self._kept(RowsWriter(self._partial, "negatives", NUMBER))
        self._scores = self._kept(RowsWriter(self._partial, "scores", header.SCORE))
        self._known_queries = self._kept(KnownRows(self.workspace / "known_queries.sqlite"))
        self._known_passages = self._kept(KnownRows(self.workspace / "known_passages.sqlite"))
        self._examples = {kind: self._kept((self._partial / f"{kind}.all").open("wb")) for kind in KINDS}

    def _kept(self, file: C) -> C:
        """The same, which is closed with the others."""
        self._open_files.callback(file.close)
        return file

    def __enter__(self) -> "DatasetWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        with suppress(OSError):  # what a full disk does not take is dropped anyway
            self._open_files.close()
        shutil.rmtree(self._partial, ignore_errors=True)

    def write(self, ranked: RankList) -> None:
        """Store a query with all its passages: one list, and a pair for each of its positives.

        Raises:
            BadExample: the query comes again or has no text or no positive, a passage has no text or comes twice, or
                the scores are not one a passage.
        """
        _check(ranked)
        if self._known_queries.row(ranked.query_id) is not None:
            raise BadExample(query_id=ranked.query_id, problem="a query of that id is stored already")
        with storing(self.folder):
            row = self._queries.add(ranked.query_id, ranked.query)
            self._known_queries.add(row, ranked.query_id)
            self._positives.add(n for passage, clicks in ranked.positives for n in (self._row(passage), clicks))
            self._negatives.add(map(self._row, ranked.negatives))
            self._scores.add(ranked.scores or ())
            self._has_scores |= ranked.scores is not None
            self._count(row, len(ranked.positives))

    def _row(self, passage: Passage) -> int:
        row = self._known_passages.row(*passage)
        if row is None:
            row = self._passages.add(*passage)
            self._known_passages.add(row, *passage)
        return row

    def _count(self, query: int, positives: int) -> None:
        pairs = b"".join(number.to_bytes(8, "little") for which in range(positives) for number in (query, which))
        self._examples["pairs"].write(pairs)
        self._examples["lists"].write(query.to_bytes(8, "little"))
        self.examples += positives if self._kind == "pairs" else 1

    def finish(self, counts: Mapping[str, Any] | None = None) -> Dataset:
        """Put the dataset in its place, with what its writer counted, and open it.

        Raises:
            EmptyDataset: nothing was written.
        """
        if not self.examples:
            raise EmptyDataset(folder=self.folder, counts="nothing was given")
        with storing(self.folder):
            self._open_files.close()
            shutil.rmtree(self.workspace)
            sizes = {kind: self._scattered(kind) for kind in KINDS}
            header.write(self._partial, self._header(sizes, counts or {}))
            _sync(self._partial)
            self._partial.rename(self.folder)
        return open_dataset(self.folder)

    def _scattered(self, kind: Kind) -> list[int]:
        source = self._partial / f"{kind}.all"
        target = self._partial / kind
        sizes = shards.scatter(source, target, width=WIDTHS[kind], seed=self._seed, in_a_shard=self._in_a_shard)
        source.unlink()
        return sizes

    def _header(self, sizes: Mapping[Kind, list[int]], counts: Mapping[str, Any]) -> header.Header:
        files = sorted(path for path in self._partial.rglob("*") if path.is_file() and path.parent != self.notes)
        names = [path.relative_to(self._partial).as_posix() for path in files]
        return header.Header(
            kind=self._kind,
            seed=self._seed,
            queries=self._queries.rows,
            passages=self._passages.rows,
            shards=sizes,
            has_scores=self._has_scores,
            files={name: path.stat().st_size for name, path in zip(names, files, strict=True)},
            fingerprint=header.digest(self._partial, names),
            counts=counts,
        )


def _sync(folder: Path) -> None:
    """Have the disk hold all files, so that what has its name survives a crash of the machine."""
    for path in (path for path in folder.rglob("*") if path.is_file()):
        with path.open("r+b") as file:
            os.fsync(file.fileno())


def _check(ranked: RankList) -> None:
    problem = ""
    passages = ranked.passages
    if not ranked.query_id or not ranked.query.strip():
        problem = "it has no id or no text"
    elif not ranked.positives:
        problem = "no passage answers it"
    elif any(clicks < 1 for _, clicks in ranked.positives):
        problem = "a passage that answers it was clicked less than once"
    elif len({passage.id for passage in passages}) < len(passages):
        problem = "a passage comes twice"
    elif not all(passage.id and (passage.title.strip() or passage.abstract.strip()) for passage in passages):
        problem = "a passage has no id or no text"
    elif ranked.scores is not None and len(ranked.scores) != len(passages):
        problem = f"{len(ranked.scores)} scores were given for {len(passages)} passages"
    if problem:
        raise BadExample(query_id=ranked.query_id, problem=problem)
