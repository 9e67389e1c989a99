"""The folder of an embedded index: where its parts lie, what `index.json` says, and how files are made durable."""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from indexer.durability import sync
from indexer.engines.protocol import VectorSpace
from indexer.errors import DamagedIndex, NoIndex, NotAnIndex, UnfinishedIndex, UnreadableFormat, UnusableLocation

FORMAT = 1
"""Raised with every change of the files, the fields or the analyzer that makes older indexes answer wrongly."""

_MANIFEST, _UNFINISHED = "index.json", "index.json.new"

_RUST_PLACE = re.compile(r",?\s*\S*\.rs:\d+(?::\d+)*")
"""Where in its source the library gave up, which Lance's messages end with."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths inside one index folder."""

    folder: Path

    @property
    def manifest(self) -> Path:
        """What the index is: format, engine, vector space."""
        return self.folder / _MANIFEST

    @property
    def text(self) -> Path:
        """tantivy's folder."""
        return self.folder / "text"

    @property
    def vectors(self) -> Path:
        """Lance's folder; absent while nothing has a vector."""
        return self.folder / "vectors"

    @property
    def ledger(self) -> Path:
        """Which source files are done."""
        return self.folder / "ledger.jsonl"

    def has_text(self) -> bool:
        """Whether the text index is there.

        Raises: DamagedIndex, where it is not, but was: all else here was written after it.
        """
        if (self.text / "meta.json").is_file():
            return True
        later = [path.name for path in (self.vectors, self.ledger) if path.exists()]
        if self.text.is_dir() and any(not path.name.startswith(".") for path in self.text.iterdir()):
            later.append(self.text.name)
        if later:
            raise DamagedIndex(location=self.folder, reason=f"text/meta.json is gone, but there is {', '.join(later)}")
        return False

    def bytes(self) -> int:
        """The size of all files on disk; those that vanish meanwhile (a merge) count as nothing."""
        total = 0
        for root, _, names in os.walk(self.folder):
            for name in names:
                with suppress_missing():
                    total += (Path(root) / name).stat().st_size
        return total


@contextmanager
def suppress_missing() -> Iterator[None]:
    """Go on when a file has gone."""
    try:
        yield
    except FileNotFoundError:
        return


@contextmanager
def storage_errors(location: object) -> Iterator[None]:
    """Turn what tantivy and Lance raise into `DamagedIndex`; wrap single calls of theirs in it, nothing else.

    A panic of theirs is an exception that descends from BaseException alone, and has no name to import it by.
    """
    try:
        yield
    except BaseException as error:
        if not isinstance(error, (ValueError, OSError, RuntimeError)) and type(error).__name__ != "PanicException":
            raise
        raise DamagedIndex(location=location, reason=_RUST_PLACE.sub("", str(error))) from error


def _exists(folder: Path) -> bool:
    """Whether there is anything at this path.

    Raises: UnusableLocation, for a name that no index can have.
    """
    try:
        str(folder).encode()  # tantivy and Lance take names in UTF-8 only
        return folder.exists()
    except UnicodeEncodeError as error:
        raise UnusableLocation(location=folder, why="it is not UTF-8") from error
    except OSError as error:  # too long
        raise UnusableLocation(location=folder, why=error.strerror or str(error)) from error


def is_free(folder: Path) -> bool:
    """Whether an index may be made here: no such path, an empty folder, or the rest of a creation cut short."""
    if not _exists(folder):
        return True
    return folder.is_dir() and all(child.name.startswith(_UNFINISHED) for child in folder.iterdir())


def create(folder: Path, space: VectorSpace | None) -> None:
    """Write `index.json` into a free folder, whole or not at all; from then on the folder is ours.

    Of two processes that do so at once, the first wins; what the other wants is compared with it later.
    """
    folder.mkdir(parents=True, exist_ok=True)
    facts = {"format": FORMAT, "engine": "embedded", "space": None if space is None else asdict(space)}
    new = folder / f"{_UNFINISHED}.{secrets.token_hex(4)}"
    new.write_bytes(orjson.dumps(facts, option=orjson.OPT_INDENT_2))
    sync(new)
    _place(new, folder / _MANIFEST)
    sync(folder)
    sync(folder.resolve().parent)


def _place(new: Path, path: Path) -> None:
    """Give a file its name, unless there is one of that name."""
    try:
        path.hardlink_to(new)
    except FileExistsError:
        return
    except OSError:  # a file system without links
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def read_space(folder: Path) -> VectorSpace | None:
    """The vector space of the index in `folder`.

    Raises: NoIndex, NotAnIndex, UnfinishedIndex, DamagedIndex, UnreadableFormat.
    """
    facts = _read_manifest(folder)
    if facts.get("format") != FORMAT:
        raise UnreadableFormat(location=folder, found=facts.get("format"), supported=FORMAT)
    space = facts.get("space")
    try:
        return None if space is None else VectorSpace(**space)
    except TypeError as error:
        raise DamagedIndex(location=folder, reason=f"{_MANIFEST}: {error}") from error


def _read_manifest(folder: Path) -> dict[str, Any]:
    if not _exists(folder):
        raise NoIndex(location=folder)
    if not folder.is_dir():
        raise NotAnIndex(location=folder, why="it is a file")
    try:
        facts = orjson.loads((folder / _MANIFEST).read_bytes())
    except FileNotFoundError:
        if is_free(folder):
            begun = any(folder.iterdir())
            raise (UnfinishedIndex if begun else NoIndex)(location=folder) from None
        raise NotAnIndex(location=folder, why=f"it has no {_MANIFEST}") from None
    except ValueError as error:
        raise DamagedIndex(location=folder, reason=f"{_MANIFEST} is not JSON: {error}") from error
    except OSError as error:
        raise DamagedIndex(location=folder, reason=error) from error
    if not isinstance(facts, dict) or facts.get("engine") != "embedded":
        raise NotAnIndex(location=folder, why=f"its {_MANIFEST} is not ours")
    return facts


def sync_new(folder: Path, known: set[Path]) -> None:
    """Sync every file below `folder` that is not in `known`, and the folders they stand in; then they are known."""
    touched = set()
    for root, _, names in os.walk(folder):
        fresh = {Path(root) / name for name in names} - known
        for path in fresh:
            with suppress_missing():
                sync(path)
        if fresh:
            touched |= {Path(root), Path(root).parent}
            known |= fresh
    for path in touched:
        sync(path)


def files_below(folder: Path) -> set[Path]:
    """Every file below `folder`; none where it does not exist."""
    return {Path(root) / name for root, _, names in os.walk(folder) for name in names}
