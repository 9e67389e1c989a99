"""Which fields of an index that is not ours are its title, its text, its year and its filters."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from indexer.article import Article
from indexer.engines.opensearch.attached import values
from indexer.engines.opensearch.attached.errors import UnusableField
from indexer.engines.opensearch.attached.leaves import DATES, KEYWORDS, NUMBERS, TEXTS, Leaf

FILTERED = KEYWORDS | NUMBERS | {"boolean", "ip"}
"""Types that a filter compares with a value, …"""
DATED = DATES | NUMBERS | KEYWORDS
"""… and those that a year is read from."""

_YEAR = re.compile(r"\s*(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_YEAR_WITHIN = re.compile(r"(?<!\d)(\d{4})(?!\d)")
"""Of a date that begins with something else: `22/06/2015`."""
_TICKS = re.compile(r"\s*\d{9,}\s*")
"""Seconds or milliseconds, written as a text."""
_LAST_YEAR = 9_999
"""A larger number is milliseconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMap:
    """The id of a document is always its `_id`."""

    text: tuple[str, ...]
    """Read by the encoder and searched for words, in this order; at least one."""
    title: str = ""
    """"" where documents have none."""
    year: str = ""
    """A date, or a number or keyword that is a year."""
    retracted: str = ""
    """A boolean: whether nobody should rely on the document any more."""
    filters: Mapping[str, str] = field(default_factory=dict)
    """Name of a filter (`journal`, or any other) → field."""

    @property
    def searched(self) -> tuple[str, ...]:
        """The fields of the lexical list: the title, if there is one, counts twice."""
        return (*((f"{self.title}^2",) if self.title else ()), *self.text)

    @property
    def encoded(self) -> tuple[str, ...]:
        """The fields that a vector is made from."""
        return (*((self.title,) if self.title else ()), *self.text)


def of_mapping(said: Mapping[str, Any]) -> FieldMap:
    """The map that `dataclasses.asdict` made."""
    return FieldMap(**{**said, "text": tuple(said["text"]), "filters": dict(said.get("filters", {}))})


def require_usable(map: FieldMap, known: Mapping[str, Leaf]) -> None:
    """Refuse a map that names a field which is not there, or cannot serve.

    Raises: UnusableField, for the first.
    """
    if not map.text:
        raise UnusableField(role="text", field="", why="no field is named")
    roles: list[tuple[str, Iterable[str], frozenset[str]]] = [
        ("title", [map.title] if map.title else [], TEXTS),
        ("text", map.text, TEXTS),
        ("year", [map.year] if map.year else [], frozenset(DATED)),
        ("retracted", [map.retracted] if map.retracted else [], frozenset({"boolean"})),
        *((f"filters.{name}", [path], frozenset(FILTERED)) for name, path in map.filters.items()),
    ]
    for role, paths, types in roles:
        for path in paths:
            _require(role, path, known.get(path), types)


def _require(role: str, path: str, leaf: Leaf | None, types: frozenset[str]) -> None:
    if leaf is None:
        raise UnusableField(role=role, field=path, why="the mapping has no such field")
    if leaf.is_nested:
        raise UnusableField(role=role, field=path, why="it lies within a nested object, which no plain query reaches")
    if leaf.type not in types:
        why = f"it is of type {leaf.type}, and one of {', '.join(sorted(types))} is needed"
        raise UnusableField(role=role, field=path, why=why)
    if not leaf.is_searched:
        raise UnusableField(role=role, field=path, why="it is not indexed (index: false)")


def place(path: str, known: Mapping[str, Leaf]) -> str:
    """Where in `_source` the values of a field stand."""
    return known[path].source if path in known else path


def passage_of(source: Any, map: FieldMap, known: Mapping[str, Leaf]) -> tuple[str, str]:
    """(title, text): what the article encoder reads."""
    title = values.text(source, place(map.title, known)) if map.title else ""
    places = dict.fromkeys(place(path, known) for path in map.text)
    return title, "\n".join(part for path in places if (part := values.text(source, path)))


def article_of(id: str, source: Any, map: FieldMap, known: Mapping[str, Leaf]) -> Article:
    """A document as an article: what we have a name for, under that name; other filters' values in `extra`."""
    title, text = passage_of(source, map, known)
    held = {name: values.strings(source, known[path].source) for name, path in map.filters.items() if path in known}
    year, month, day = _date(source, map, known)
    retracted = bool(map.retracted) and values.strings(source, map.retracted)[:1] == ("true",)
    types = held.pop("type", ())
    return Article(
        id=id,
        title=title,
        abstract=text,
        year=year,
        month=month,
        day=day,
        journal=", ".join(held.pop("journal", ())),
        publication_types=(*types, *(("Retracted Publication",) if retracted else ())),
        languages=held.pop("language", ()),
        extra={name: list(found) for name, found in held.items() if found},
    )


def _date(source: Any, map: FieldMap, known: Mapping[str, Leaf]) -> tuple[int | None, int | None, int | None]:
    """Year, month and day as far as the first value of the field tells them."""
    found = values.values(source, known[map.year].source) if map.year in known else []
    value, format = found[0] if found else None, known[map.year].format if map.year in known else ""
    if isinstance(value, str) and _TICKS.fullmatch(value):
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not format or "epoch" in format:
            return _of_number(value, is_seconds="epoch_second" in format)
        value = str(value)  # 20150622, of the format yyyyMMdd
    return _of_text(value) if isinstance(value, str) else (None, None, None)


def _of_text(value: str) -> tuple[int | None, int | None, int | None]:
    said = _YEAR.match(value)
    if said is None:
        within = _YEAR_WITHIN.search(value)
        return (int(within[1]) if within else None), None, None
    return int(said[1]), int(said[2]) if said[2] else None, int(said[3]) if said[3] else None


def _of_number(value: float, *, is_seconds: bool) -> tuple[int | None, int | None, int | None]:
    if is_seconds:
        value *= 1000
    elif 0 <= value <= _LAST_YEAR:
        return int(value), None, None
    try:
        date = datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None, None, None
    return date.year, date.month, date.day
