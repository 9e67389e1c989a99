"""Which source files are done, so that running a load again does nothing twice."""

from collections.abc import Mapping, Set
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Protocol

from indexer import jsonlog
from indexer.errors import DamagedLog


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One finished source file: its name without folders, the sha256 of its bytes, and what came of its records."""

    name: str
    digest: str
    read: int = 0
    added: int = 0
    replaced: int = 0
    unchanged: int = 0
    superseded: int = 0
    deletions: int = 0
    rejected: int = 0
    finished: str = ""
    """When, ISO 8601 in UTC."""
    stat: str = ""
    """Its size, time of change and inode then: a file that still has them is passed over without being hashed."""


class Ledger(Protocol):
    """The list of finished files, and the order in which unnumbered ones first arrived."""

    def find(self, name: str, digest: str) -> FileEntry | None:
        """The entry of a finished file with this name and these bytes; None where it has to be read."""

    def arrival(self, name: str, digest: str) -> int:
        """The sequence number (from 1) of an unnumbered file: given on its first arrival, the same ever after."""

    def arrivals(self) -> Mapping[tuple[str, str], int]:
        """(name, digest) → sequence number, for every file that asked."""

    def adopt(self, name: str, digest: str, sequence: int) -> None:
        """Take over an arrival from the ledger of an index that is copied; a file that is known keeps its number."""

    def begin(self, name: str, digest: str) -> None:
        """Record, durably, that records of this file may be stored from now on."""

    def begun(self) -> Set[tuple[str, str]]:
        """(name, digest) of every file that was begun, finished or not."""

    def tick(self, entry: FileEntry) -> None:
        """Record a file as finished, durably; called after the commit that holds its records."""

    def entries(self) -> list[FileEntry]:
        """Every finished file, oldest first; the newest entry of a name and digest stands for it."""


class OpenedLedger(Ledger, Protocol):
    """A ledger that was opened by itself, without a writer; whoever opened it closes it."""

    def close(self) -> None:
        """Let go of files and connections."""


class FileLedger:
    """A ledger in a file of JSON lines: one a file begun, one a file finished, one an unnumbered file's first arrival.

    Each line is on the disk before the call returns; a line that a crash tore is as if it had never been written.
    New arrivals are numbered above `floor`, which stands in for lines that were lost.
    """

    def __init__(self, path: Path, floor: int = 0) -> None:
        self._path, self._floor = path, floor
        self._finished: dict[tuple[str, str], FileEntry] = {}
        self._arrivals: dict[tuple[str, str], int] = {}
        self._begun: set[tuple[str, str]] = set()
        for number, row in enumerate(jsonlog.read(path), start=1):
            try:
                self._remember(row)
            except ValueError as error:
                raise DamagedLog(path=path, line=number) from error

    def find(self, name: str, digest: str) -> FileEntry | None:
        """The newest entry of this name and digest."""
        return self._finished.get((name, digest))

    def arrival(self, name: str, digest: str) -> int:
        """The sequence number of an unnumbered file; a new one is on the disk before any record can carry it."""
        if (name, digest) not in self._arrivals:
            sequence = max([self._floor, *self._arrivals.values()]) + 1
            self._append({"arrival": sequence, "name": name, "digest": digest})
        return self._arrivals[name, digest]

    def arrivals(self) -> Mapping[tuple[str, str], int]:
        """Every number given or taken over."""
        return dict(self._arrivals)

    def adopt(self, name: str, digest: str, sequence: int) -> None:
        """Take over a number, unless the file has one."""
        if (name, digest) not in self._arrivals:
            self._append({"arrival": sequence, "name": name, "digest": digest})

    def begin(self, name: str, digest: str) -> None:
        """Record a file as begun, once."""
        if (name, digest) not in self._begun:
            self._append({"begun": {"name": name, "digest": digest}})

    def begun(self) -> Set[tuple[str, str]]:
        """(name, digest) of every file that was begun, finished or not."""
        return frozenset(self._begun)

    def tick(self, entry: FileEntry) -> None:
        """Record a file as finished."""
        self._append({"finished": asdict(entry)})

    def entries(self) -> list[FileEntry]:
        """Every finished file, oldest first, each name and digest once."""
        return list(self._finished.values())

    def close(self) -> None:
        """Nothing is held open between two calls."""

    def _append(self, row: dict[str, Any]) -> None:
        jsonlog.append(self._path, [row])
        self._remember(row)

    def _remember(self, row: dict[str, Any]) -> None:
        """Rows and fields of a newer version, which we do not know, are passed over; ValueError for a damaged one."""
        if "finished" in row:
            entry = entry_of(row["finished"])
            self._finished.pop((entry.name, entry.digest), None)
            self._finished[entry.name, entry.digest] = entry
            self._begun.add((entry.name, entry.digest))
        elif "begun" in row:
            entry = entry_of(row["begun"])
            self._begun.add((entry.name, entry.digest))
        elif "arrival" in row:
            sequence, entry = row["arrival"], entry_of(row)
            if type(sequence) is not int or sequence < 1:
                raise ValueError(f"{sequence!r} is no sequence number")
            self._arrivals[entry.name, entry.digest] = sequence


def entry_of(said: object) -> FileEntry:
    """What a row says of a file, every field of the type that it has to be; ValueError for a damaged one."""
    if not isinstance(said, Mapping):
        raise ValueError(f"{said!r} is no object")
    known = {field.name: said[field.name] for field in fields(FileEntry) if field.name in said}
    wrong = [field.name for field in fields(FileEntry) if type(known.get(field.name, field.default)) is not field.type]
    if wrong:
        raise ValueError(f"{wrong} are missing or not what they should be")
    return FileEntry(**known)
