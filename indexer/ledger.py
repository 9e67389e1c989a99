"""Which source files are done, so that running a load again does nothing twice."""

from dataclasses import dataclass
from typing import Protocol


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


class Ledger(Protocol):
    """The list of finished files, and the order in which unnumbered ones first arrived."""

    def find(self, name: str, digest: str) -> FileEntry | None:
        """The entry of a finished file with this name and these bytes; None where it has to be read."""

    def arrival(self, name: str, digest: str) -> int:
        """The sequence number (from 1) of an unnumbered file: given on its first arrival, the same ever after."""

    def tick(self, entry: FileEntry) -> None:
        """Record a file as finished, durably; called after the commit that holds its records."""

    def entries(self) -> list[FileEntry]:
        """Every finished file, oldest first; the newest entry of a name and digest stands for it."""
