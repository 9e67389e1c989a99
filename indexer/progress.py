"""What came of the records of a load: counts that add up, a report for each file, and progress as it happens."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Literal

Outcome = Literal["added", "replaced", "unchanged", "superseded", "deletions", "rejected"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """read = added + replaced + unchanged + superseded + deletions + rejected, always; the rest tells more."""

    added: int = 0
    """Articles whose id was unknown, or deleted by an older record."""
    replaced: int = 0
    unchanged: int = 0
    """Records that are stored already, as they are."""
    superseded: int = 0
    """Records older than what is stored."""
    deletions: int = 0
    rejected: int = 0
    encoded: int = 0
    """Articles that the encoder read; those whose text did not change keep their vector."""
    without_text: int = 0
    """Articles stored with neither title nor abstract, and so without a vector."""

    @property
    def read(self) -> int:
        """Every record that a source yielded, the bad ones too."""
        return self.added + self.replaced + self.unchanged + self.superseded + self.deletions + self.rejected

    def __add__(self, other: "Counts") -> "Counts":
        sums = {field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)}
        return Counts(**sums)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What came of one file. `done`: read to its end. `skipped`: it was done before. `broken`: see `reason`."""

    name: str
    status: Literal["done", "skipped", "broken"]
    counts: Counts = Counts()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a load is. The last one that a load yields is its summary."""

    file: str
    """The file being read."""
    files_total: int
    reports: tuple[FileReport, ...]
    """One for each file that is behind us."""
    counts: Counts
    """Over all files, the one being read included."""
    uncommitted: int = 0
    """Of the records that are counted as written: how many were not acknowledged yet (`Writer.commit`)."""

    def named(self, status: Literal["done", "skipped", "broken"]) -> list[FileReport]:
        """The files that ended so, in the order read."""
        return [report for report in self.reports if report.status == status]


def count(outcomes: Iterable[Outcome]) -> Counts:
    """How many there are of each."""
    counts = dict.fromkeys(("added", "replaced", "unchanged", "superseded", "deletions", "rejected"), 0)
    for outcome in outcomes:
        counts[outcome] += 1
    return Counts(**counts)
