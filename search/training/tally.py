"""What came of each source: how much was read, kept, and removed for which reason; it adds up."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onnx_models.training.dataset.known import KnownRows

REJECTED, MISSING = "rejected.tsv", "missing.tsv"
"""Files in the dataset's `notes`: lines that could not be read, and ids without text."""

MALFORMED, EMPTY, NO_TEXT = "malformed", "empty line", "without text"


@dataclass(slots=True, kw_only=True)
class SourceTally:
    """The counts of one source; `read` is what was kept and what was removed, together."""

    name: str
    notes: Path
    """The folder where rejects are listed."""
    read: int = 0
    positives: int = 0
    """Pairs kept of a query and an article that was chosen for it."""
    negatives: int = 0
    """The same, of articles that were not chosen."""
    removed: Counter[str] = field(default_factory=Counter)
    first_reject: str = ""

    def reject(self, place: str, reason: str, *, kind: str = MALFORMED) -> None:
        """Count and list what cannot be read; `place` is such as `line 12`."""
        self.removed[kind] += 1
        if kind == MALFORMED:
            self.first_reject = self.first_reject or f"{place}: {reason}"
        with (self.notes / REJECTED).open("a", encoding="utf-8", errors="replace") as file:
            file.write(f"{self.name}\t{place}\t{reason}\n")

    def as_json(self) -> dict[str, Any]:
        """The numbers, for the dataset's own description."""
        kept = {"pairs": self.positives, "negatives": self.negatives}
        return {"read": self.read, "kept": kept, "removed": dict(sorted(self.removed.items()))}


class Tally:
    """The counts of all sources of one dataset, and the ids that had no text."""

    def __init__(self, names: Sequence[str], notes: Path, workspace: Path) -> None:
        notes.mkdir(parents=True, exist_ok=True)
        self.sources = [SourceTally(name=name, notes=notes) for name in _told_apart(names)]
        self.missing = 0
        """Ids without text, each counted once."""
        self.queries_without_negatives = 0
        self._notes, self._listed = notes, KnownRows(workspace / "missing.sqlite")

    def miss(self, id: str) -> None:
        """List an id whose text is nowhere, once."""
        if self._listed.row(id) is None:
            self._listed.add(self.missing, id)
            self.missing += 1
            with (self._notes / MISSING).open("a", encoding="utf-8", errors="replace") as file:
                file.write(f"{id}\n")

    def close(self) -> None:
        """Let go of files."""
        self._listed.close()

    @property
    def read(self) -> int:
        """Lines, entries and articles so far, of all sources."""
        return sum(source.read for source in self.sources)

    @property
    def rejected(self) -> int:
        """Lines that could not be read, empty ones apart."""
        return sum(source.removed[MALFORMED] for source in self.sources)

    def as_json(self) -> dict[str, Any]:
        """All numbers, by source."""
        return {
            "sources": {source.name: source.as_json() for source in self.sources},
            "ids without text": self.missing,
            "queries without negatives": self.queries_without_negatives,
        }

    def in_words(self) -> str:
        """For an error: what was read of each source, what was removed, and the first thing that was rejected."""
        return "; ".join(f"{source.name}: {_words(source)}" for source in self.sources)


def _words(source: SourceTally) -> str:
    removed = ", ".join(f"{count:,} {reason}" for reason, count in source.removed.most_common())
    first = f" (the first: {source.first_reject})" if source.first_reject else ""
    return f"{source.read:,} read, removed {removed or 'nothing'}{first}"


def _told_apart(names: Sequence[str]) -> list[str]:
    """The names, with a number after those that came before."""
    seen: Counter[str] = Counter()
    told = []
    for name in names:
        seen[name] += 1
        told.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return told
