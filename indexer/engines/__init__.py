"""Where indexes are kept: the kind of a location names the engine. Add an engine: one folder here, one row below."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from indexer.engines.protocol import Reader, VectorSpace, Writer
from indexer.errors import UnknownEngine
from indexer.ledger import FileLedger, Ledger

__all__ = ["ENGINES", "Engine", "damaged_files", "open_ledger", "open_reader", "open_writer"]


class Engine(NamedTuple):
    """How to open one kind of location; each function imports its engine when it is first called."""

    read: Callable[[str], Reader]
    write: Callable[[str, VectorSpace | None, bool], Writer]
    ledger: Callable[[str], Ledger]
    damaged: Callable[[str], list[str]]


def _read_folder(location: str) -> Reader:
    from indexer.engines.embedded.reader import EmbeddedReader

    return EmbeddedReader(Path(location))


def _write_folder(location: str, space: VectorSpace | None, create: bool) -> Writer:
    from indexer.engines.embedded.writer import EmbeddedWriter

    return EmbeddedWriter(Path(location), space, make=create)


def _ledger_in_folder(location: str) -> Ledger:
    from indexer.engines.embedded.layout import Layout

    return FileLedger(Layout(Path(location)).ledger)


def _damaged_in_folder(location: str) -> list[str]:
    from indexer.engines.embedded.checksums import damaged_files

    return damaged_files(Path(location))


ENGINES: dict[str, Engine] = {
    "folder": Engine(_read_folder, _write_folder, _ledger_in_folder, _damaged_in_folder),
}
"""Kind of location → its engine."""


def open_reader(location: str) -> Reader:
    """A reader of the last commit of the index at `location`.

    Raises: IndexerError, where there is no index, or one that this version cannot read.
    """
    return ENGINES[_kind(location)].read(location)


def open_writer(location: str, *, space: VectorSpace | None, create: bool = True) -> Writer:
    """The one writer of the index at `location`, made there first if `create` says so.

    Args:
        location: a folder.
        space: the vectors that will be written. A new index holds these, or none for None; an index that exists
            keeps its own, refuses another, and None means whatever it holds.
        create: whether an index may be made.

    Raises:
        VectorMismatch: the index holds vectors of another space.
        IndexLocked: another process is writing.
        IndexerError: the index cannot be opened or made.
    """
    return ENGINES[_kind(location)].write(location, space, create)


def open_ledger(location: str) -> Ledger:
    """Which source files the index at `location` has finished, without taking its write lock: for reading only."""
    return ENGINES[_kind(location)].ledger(location)


def damaged_files(location: str) -> list[str]:
    """One sentence for each file that is not as it was written, as far as the engine can tell; reads all of them."""
    return ENGINES[_kind(location)].damaged(location)


def _kind(location: str) -> str:
    if not location or "://" in location:
        raise UnknownEngine(location=location)
    return "folder"
