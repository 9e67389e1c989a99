"""Where indexes are kept: the kind of a location names the engine. Add an engine: one folder here, one row below."""

from collections.abc import Callable
from pathlib import Path

from indexer.engines.protocol import Reader, VectorSpace, Writer
from indexer.errors import UnknownEngine

__all__ = ["ENGINES", "open_reader", "open_writer"]


def _read_folder(location: str) -> Reader:
    from indexer.engines.embedded.reader import EmbeddedReader

    return EmbeddedReader(Path(location))


def _write_folder(location: str, space: VectorSpace | None, create: bool) -> Writer:
    from indexer.engines.embedded.writer import EmbeddedWriter

    return EmbeddedWriter(Path(location), space, make=create)


ENGINES: dict[str, tuple[Callable[[str], Reader], Callable[[str, VectorSpace | None, bool], Writer]]] = {
    "folder": (_read_folder, _write_folder),
}
"""Kind of location → how to open it for reading and for writing; each imports its engine when first used."""


def open_reader(location: str) -> Reader:
    """A reader of the last commit of the index at `location`.

    Raises: IndexerError, where there is no index, or one that this version cannot read.
    """
    return ENGINES[_kind(location)][0](location)


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
    return ENGINES[_kind(location)][1](location, space, create)


def _kind(location: str) -> str:
    if not location or "://" in location:
        raise UnknownEngine(location=location)
    return "folder"
