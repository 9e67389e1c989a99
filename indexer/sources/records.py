"""What reading a source yields besides articles: a record that is refused, and where a record stands."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from indexer import order
from indexer.analysis import sound
from indexer.article import Article, Deletion


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """One bad record; the file goes on. `position` counts records (or lines) of the file from 1."""

    position: int
    id: str = ""
    reason: str


Item: TypeAlias = Article | Deletion | Rejected


def name_of(path: Path) -> str:
    """The name of a file, without folders, as it is kept: bytes that are not UTF-8 become U+FFFD."""
    return sound(path.name)


@dataclass(frozen=True, slots=True)
class Place:
    """The file that is being read: its name, and its stamp among all files."""

    name: str
    stamp: order.Stamp

    def order(self, position: int, version: int = 1) -> int:
        """The order of the article at `position`, from 1."""
        return order.pack(self.stamp, version=version, position=position - 1)

    def deletion(self, pmid: str, position: int, version: int = 1) -> Deletion:
        """The deletion at `position`, from 1."""
        packed = order.pack(self.stamp, version=version, position=position - 1, deletion=True)
        return Deletion(id=pmid, order=packed, version=version, source=self.name)


class Damaged(Exception):
    """Why a file cannot be read further; `indexer.sources.read` adds which file, and at which record."""


class Refused(Damaged):
    """The same, for a file of which no record can be read."""
