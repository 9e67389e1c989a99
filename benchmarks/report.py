"""What one benchmark found, as data: claims beside their bars, tables, what did not run, and the raw figures."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from benchmarks.timing import Spread

_NUMBERS = re.compile(r"\[([\s\d.,eE+-]+)\]")
"""A list of numbers, which stands on one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One line of a table: what is claimed, ours, the peer's, their ratio, and the bar that one of them is held to."""

    claim: str
    unit: str = ""
    ours: Spread | None = None
    beside: str = ""
    """The peer; its version stands in the report's `versions`."""
    theirs: Spread | None = None
    ratio: Spread | None = None
    """Ours against theirs, or theirs against ours: whichever the claim says."""
    bar: float | None = None
    bar_on: Literal["ratio", "ours", "distance"] = "ratio"
    """`distance`: ours and theirs may differ by so much; the bar is an upper one."""
    at_most: bool = False
    """Whether the bar is an upper one."""

    @property
    def is_met(self) -> bool:
        """Whether the median reaches the bar; True where there is none."""
        held = self.ratio if self.bar_on == "ratio" else self.ours
        if self.bar is None or held is None:
            return True
        if self.bar_on == "distance":
            return self.theirs is not None and abs(held.median - self.theirs.median) <= self.bar
        return held.median <= self.bar if self.at_most else held.median >= self.bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """More than claims can say, such as growth by size."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One benchmark's findings."""

    name: str
    """The file's name, of the script and of the JSON."""
    work: Mapping[str, str | int | float]
    """What was done, and how often: texts, rounds, sizes."""
    claims: tuple[Claim, ...]
    tables: tuple[Table, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of the peers, by package."""
    not_run: Mapping[str, str] = field(default_factory=dict)
    """What was left out → why."""
    notes: tuple[str, ...] = ()
    """What a reader must know to judge the figures; a sentence each."""
    figures: Mapping[str, Any] = field(default_factory=dict)
    """All that was measured, run by run."""
    machine: Mapping[str, str] = field(default_factory=dict)
    is_quick: bool = False

    @property
    def missed(self) -> list[Claim]:
        """The claims that do not reach their bars."""
        return [claim for claim in self.claims if not claim.is_met]


def save(report: Report, path: Path) -> None:
    """Write it as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(asdict(report), indent=2, ensure_ascii=False)
    text = _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text)
    path.write_text(text + "\n", encoding="utf-8")


def load(path: Path) -> Report:
    """What `save` wrote."""
    said = json.loads(path.read_text(encoding="utf-8"))
    said["claims"] = tuple(_claim(each) for each in said["claims"])
    said["tables"] = tuple(
        Table(title=t["title"], columns=tuple(t["columns"]), rows=tuple(map(tuple, t["rows"]))) for t in said["tables"]
    )
    return Report(**said | {"notes": tuple(said["notes"])})


def _claim(said: Mapping[str, Any]) -> Claim:
    spreads = {name: Spread(**said[name]) if said[name] else None for name in ("ours", "theirs", "ratio")}
    return Claim(**{**said, **spreads})
