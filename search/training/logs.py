"""Click logs as libraries keep them: a table (TSV, CSV) or JSON lines of query, PMID, clicks, date and times shown."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from search.training.errors import BadTrainingData
from search.training.lines import Malformed, head, json_object, numbered
from search.training.observations import Observation
from search.training.tally import EMPTY, SourceTally

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "query": ("query", "search_term", "term", "terms", "q", "search"),
    "article": ("pmid", "article", "article_id", "docid", "doc", "document", "id"),
    "clicks": ("clicks", "click", "count", "n"),
    "date": ("date", "timestamp", "day", "time"),
    "shown": ("shown", "impressions", "views"),
}
"""What we read → what it may be called in a header or as a key, in any case; of several the first one here counts."""

_WITHOUT_HEADER = ("query", "article", "clicks", "date")
_NUMBER = re.compile(r"[0-9]{1,9}")
_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?(?=$|[T ])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Logs:
    """One file of a log. A line without clicks is one click; one with 0 is an article shown that nobody chose."""

    path: Path
    since: str = ""
    """ISO date, such as 2020-01-01 or 2020; earlier lines are removed. "" for all."""
    until: str = ""
    """The last one, likewise: 2022 means to the end of it."""
    is_log: bool = True

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def read(self, tally: SourceTally, workspace: Path) -> Iterator[Observation]:
        """An observation a line.

        Raises:
            BadTrainingData: the file cannot be read, or has a header that names no query or no PMID.
        """
        for number, cells in self._rows(tally):
            try:
                observed = self._observed(cells)
            except Malformed as fault:
                tally.reject(f"line {number}", str(fault))
                continue
            if isinstance(observed, str):
                tally.removed[observed] += 1
            else:
                yield observed

    def _rows(self, tally: SourceTally) -> Iterator[tuple[int, Mapping[str, str]]]:
        """Each line that says something, as what we call its columns → its cells."""
        layout = _layout(self.path)
        for number, line in numbered(self.path):
            if number == layout.header_line:
                continue
            tally.read += 1
            if line is not None and not line.strip():
                tally.reject(f"line {number}", EMPTY, kind=EMPTY)
                continue
            try:
                yield number, layout.cells(line)
            except Malformed as fault:
                tally.reject(f"line {number}", str(fault))

    def _observed(self, cells: Mapping[str, str]) -> Observation | str:
        """The observation, or why it is removed."""
        query, article = (cells.get(name, "").strip() for name in ("query", "article"))
        if not query or not article:
            raise Malformed(f"it has no {'PMID' if query else 'query'}")
        clicks = _count(cells, "clicks", default=1)
        if clicks == 0 and _count(cells, "shown", default=1) == 0:
            return "neither shown nor chosen"
        if (self.since or self.until) and not self._is_within(cells.get("date", "").strip()):
            return "before or after the dates asked for"
        return Observation(query, article, clicks)

    def _is_within(self, date: str) -> bool:
        found = _DATE.match(date)
        if found is None:
            raise Malformed(f"date {date[:40]!r} is not such as 2021-03-14")
        day = found[0]
        return day[: len(self.since)] >= self.since and (not self.until or day[: len(self.until)] <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """How the lines of a file are read."""

    columns: Sequence[str]
    """What we call them, in order; "" for others. Empty for JSON lines."""
    delimiter: str = ""
    header_line: int = 0
    """0 where there is none."""
    quotes: bool = True
    """Whether quotes may stand around a cell, as in CSV."""

    def cells(self, line: str | None) -> Mapping[str, str]:
        if line is None:
            raise Malformed("it is not UTF-8")
        if not self.columns:
            return _json_cells(line)
        found = _split(line, self.delimiter, quotes=self.quotes)
        if len(found) != len(self.columns) and (self.header_line or not 2 <= len(found) <= len(_WITHOUT_HEADER)):
            raise Malformed(f"it has {len(found)} columns, not {len(self.columns)}: {line[:80]!r}")
        return dict(zip(self.columns, found, strict=False))


def _layout(path: Path) -> _Layout:
    """JSON lines open with `{`; a first line that names its columns is a header."""
    lines = head(path).split("\n")
    at = next((number for number, line in enumerate(lines, start=1) if line.strip()), 0)
    first = lines[at - 1].rstrip("\r") if at else ""
    if not first or first.lstrip().startswith("{"):
        return _Layout(columns=())
    delimiter = "\t" if "\t" in first else "," if _missing(_columns(first, ";")) else ";"
    quotes = delimiter != "\t" or first.startswith('"')
    columns = _columns(first, delimiter, quotes=quotes)
    if not any(columns):
        return _Layout(columns=_WITHOUT_HEADER, delimiter=delimiter, quotes=delimiter != "\t")
    for needed in _missing(columns):
        known = ", ".join(COLUMNS[needed])
        raise BadTrainingData(path=path, problem=f"its header {first[:80]!r} names no {needed} (one of {known})")
    return _Layout(columns=columns, delimiter=delimiter, header_line=at, quotes=quotes)


def _missing(columns: Sequence[str]) -> list[str]:
    return [needed for needed in ("query", "article") if needed not in columns]


def _columns(line: str, delimiter: str, *, quotes: bool = True) -> list[str]:
    """What we call the line's cells, where it is a header; nothing but "" where it is none."""
    try:
        return _our_names(_split(line, delimiter, quotes=quotes))
    except Malformed:
        return []


def _our_names(names: Iterable[str]) -> list[str]:
    """What we call each of these, and "" for others: of several that mean the same one alone is read."""
    plain = [name.strip().lower() for name in names]
    ours = [""] * len(plain)
    for our, others in COLUMNS.items():
        at = next((plain.index(other) for other in others if other in plain), None)
        if at is not None:
            ours[at] = our
    return ours


def _split(line: str, delimiter: str, *, quotes: bool) -> list[str]:
    """The cells, in quotes perhaps where these mean something."""
    if not quotes:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise Malformed(f"it is no CSV ({error})") from error


def _json_cells(line: str) -> Mapping[str, str]:
    row = json_object(line)
    cells: dict[str, str] = {}
    said = {key: value for key, value in row.items() if value is not None}
    for (key, value), name in zip(said.items(), _our_names(said), strict=True):
        if name not in ("", "date") and (isinstance(value, bool) or not isinstance(value, str | int)):
            raise Malformed(f"{key} is {str(value)[:40]!r}, neither a text nor a whole number")
        if name:
            cells[name] = str(value)
    return cells


def _count(cells: Mapping[str, str], name: str, *, default: int) -> int:
    text = cells.get(name, "").strip()
    if not text:
        return default
    if not _NUMBER.fullmatch(text):
        raise Malformed(f"{name} {text[:40]!r} is no whole number of 0 or more")
    return int(text)
