"""Where indexes are kept: the kind of a location names the engine. Add an engine: one folder here, one row below."""

import os
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from indexer.engines.location import AnyLocation, Location, located, without_secrets
from indexer.engines.protocol import Reader, VectorSpace, Writer
from indexer.engines.writing import DEFAULT, WriteOptions
from indexer.errors import HalfUrl, NotForFolders, UnknownEngine
from indexer.ledger import FileLedger, OpenedLedger

if TYPE_CHECKING:
    from indexer.engines.opensearch.attached.whose import Belonging

__all__ = ["ENGINES", "Engine", "damaged_files", "drop_versions", "open_ledger", "open_reader", "open_writer"]

_URL = re.compile(r"https?://", re.IGNORECASE)
_HALF_A_URL = re.compile(r"https?:|[^/]*:.*@|[^/]+@|[^/]+:\d{1,5}(?:[/,]|$)", re.IGNORECASE | re.DOTALL)
"""What a cluster's URL without its `https://`, or a slash of it, begins with: `host:9200/`, `ann@host`, `https:/`."""


class Engine(NamedTuple):
    """How to open one kind of location; each function imports its engine when it is first called."""

    read: Callable[[Location], Reader]
    write: Callable[[Location, VectorSpace | None, bool, WriteOptions], Writer]
    ledger: Callable[[Location], OpenedLedger]
    damaged: Callable[[Location], list[str]]
    drop: Callable[[Location, Collection[str], bool], list[str]]
    belonging: Callable[[Location], "Belonging | None"]
    """Whose documents it belongs to; None for an index of ours, and where there is none."""


def _read_folder(location: Location) -> Reader:
    """An index, or the side-car of one of somebody's, which is asked too."""
    from indexer.engines.embedded.reader import EmbeddedReader

    folder = Path(location.name)
    if not is_sidecar(folder):
        return EmbeddedReader(folder)
    from indexer.engines.opensearch.attached.beside_note import note_in_folder
    from indexer.engines.opensearch.attached.beside_reader import BesideReader

    return BesideReader(location, note_in_folder(folder), EmbeddedReader(folder))


def _write_folder(location: Location, space: VectorSpace | None, create: bool, options: WriteOptions) -> Writer:
    from indexer.engines.embedded.writer import EmbeddedWriter

    if options != DEFAULT:
        raise NotForFolders(location=location)
    return EmbeddedWriter(Path(location.name), space, make=create)


def _ledger_in_folder(location: Location) -> OpenedLedger:
    from indexer.engines.embedded.layout import Layout

    return FileLedger(Layout(Path(location.name)).ledger)


def _damaged_in_folder(location: Location) -> list[str]:
    from indexer.engines.embedded.checksums import damaged_files

    return damaged_files(Path(location.name))


def _no_versions_in_folder(location: Location, _names: Collection[str], _old: bool) -> list[str]:
    raise NotForFolders(location=location)


def _folder_belonging(location: Location) -> "Belonging | None":
    if not is_sidecar(Path(location.name)):
        return None
    from indexer.engines.opensearch.attached.whose import of_folder

    return of_folder(location)


def _read_cluster(location: Location) -> Reader:
    """An index that we made, perhaps a side-car of somebody's; or one of theirs that vectors were attached to."""
    from indexer.engines.opensearch.attached.beside_note import note_in_meta
    from indexer.engines.opensearch.attached.beside_reader import BesideReader
    from indexer.engines.opensearch.attached.reader import AttachedReader
    from indexer.engines.opensearch.errors import NotOurs
    from indexer.engines.opensearch.reader import OpenSearchReader

    try:
        reader = OpenSearchReader(location)
    except NotOurs:
        return AttachedReader(location)
    note = note_in_meta(reader.meta, location=location)
    return reader if note is None else BesideReader(location, note, reader)


def _write_cluster(location: Location, space: VectorSpace | None, create: bool, options: WriteOptions) -> Writer:
    from indexer.engines.opensearch.writer import OpenSearchWriter

    return OpenSearchWriter(location, space, make=create, options=options)


def _ledger_in_cluster(location: Location) -> OpenedLedger:
    from indexer.engines.opensearch.loading.ledger import open_cluster_ledger

    return open_cluster_ledger(location)


def _drop_in_cluster(location: Location, names: Collection[str], old: bool) -> list[str]:
    from indexer.engines.opensearch.loading.dropping import drop_from_cluster

    return drop_from_cluster(location, names, old=old)


def _cluster_belonging(location: Location) -> "Belonging | None":
    from indexer.engines.opensearch.attached.whose import in_cluster

    return in_cluster(location)


def _nothing_damaged(_: Location) -> list[str]:
    """A cluster checks its own files, whenever it reads them."""
    return []


ENGINES: dict[str, Engine] = {
    "folder": Engine(
        _read_folder,
        _write_folder,
        _ledger_in_folder,
        _damaged_in_folder,
        _no_versions_in_folder,
        _folder_belonging,
    ),
    "opensearch": Engine(
        _read_cluster,
        _write_cluster,
        _ledger_in_cluster,
        _nothing_damaged,
        _drop_in_cluster,
        _cluster_belonging,
    ),
}
"""Kind of location → its engine."""


def is_sidecar(folder: Path) -> bool:
    """Whether a folder holds vectors of an index in a cluster, which is asked with it."""
    return os.path.lexists(folder / "attached.json")  # False too for a name that no folder can have


def open_reader(location: AnyLocation) -> Reader:
    """A reader of the index at `location`, as of its last commit.

    Raises: IndexerError, where there is no index, or one that this version cannot read.
    """
    return ENGINES[kind_of(location)].read(located(location))


def open_writer(
    location: AnyLocation,
    *,
    space: VectorSpace | None,
    create: bool = True,
    options: WriteOptions = DEFAULT,
    beside: bool = False,
) -> Writer:
    """A writer of the index at `location`, made there first if `create` says so.

    Args:
        location: a folder, or the URL of a cluster's index.
        space: the vectors that will be written. A new index holds these, or none for None; an index that exists
            keeps its own, refuses another, and None means whatever it holds.
        create: whether an index may be made.
        options: how it is made and loaded, where the engine leaves a choice.
        beside: also where it is a side-car, whose records are for `indexer.attach` to write.

    Raises:
        TakesNoArticles: it is a side-car, or somebody's with vectors attached.
        VectorMismatch: the index holds vectors of another space.
        IndexLocked: another process is writing to the folder; or to the cluster's index, and one of us has no share.
        NotForFolders: options that only a cluster knows, for a folder.
        IndexerError: the index cannot be opened or made.
    """
    engine, where = ENGINES[kind_of(location)], located(location)
    owner = engine.belonging(where)
    if owner is not None and not (beside and owner.is_beside):
        from indexer.engines.opensearch.attached.errors import TakesNoArticles

        raise TakesNoArticles(location=where, text=owner.text, is_beside=owner.is_beside)
    return engine.write(where, space, create, options)


def open_ledger(location: AnyLocation) -> OpenedLedger:
    """Which source files the index at `location` has finished, without taking its write lock: for reading only.

    Raises: NoRecords, for a side-car, and for an index of somebody's with vectors attached.
    """
    engine, where = ENGINES[kind_of(location)], located(location)
    owner = engine.belonging(where)
    if owner is not None:
        from indexer.engines.opensearch.attached.errors import NoRecords

        raise NoRecords(location=where, text=owner.text, is_beside=owner.is_beside)
    return engine.ledger(where)


def damaged_files(location: AnyLocation) -> list[str]:
    """One sentence for each file that is not as it was written, as far as the engine can tell; reads all of them."""
    return ENGINES[kind_of(location)].damaged(located(location))


def drop_versions(location: AnyLocation, names: Collection[str], *, old: bool = False) -> list[str]:
    """Remove versions of an index that nobody is served from, `old`: all before the served one; the removed names.

    Raises:
        NotForFolders: a folder has no versions.
        IndexerError: a name is unknown, or of a version that is served or being loaded; nothing is removed then.
    """
    return ENGINES[kind_of(location)].drop(located(location), names, old)


def kind_of(location: AnyLocation) -> str:
    """The engine's name in ENGINES. A folder that is there is one, whatever its name looks like.

    Raises:
        UnknownEngine: for a URL that is neither http nor https.
        HalfUrl: for what looks like a URL without its beginning, so that no folder is made of it.
    """
    name = located(location).name
    if _URL.match(name):
        return "opensearch"
    if not name or "://" in name:
        raise UnknownEngine(location=without_secrets(name))
    if _HALF_A_URL.match(name) and not os.path.lexists(name):
        raise HalfUrl(location=without_secrets(name))
    return "folder"
