"""Dates as PubMed prints them: years, months by name or number, seasons and free text."""

import re
from functools import lru_cache

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_YEAR_IN_TEXT = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")


def year_of(text: str) -> int | None:
    """A four-digit year; None for anything else."""
    return int(text) if len(text) == 4 and text.isascii() and text.isdecimal() and text >= "1000" else None


def month_of(text: str) -> int | None:
    """1 to 12 for `Jun`, `June`, `jun`, `06` and `6`; None for anything else."""
    if text.isascii() and text.isdecimal():
        return int(text) if len(text) <= 2 and 1 <= int(text) <= 12 else None
    return _MONTHS.get(text[:3].lower())


def day_of(text: str) -> int | None:
    """1 to 31; None for anything else."""
    return int(text) if len(text) <= 2 and text.isascii() and text.isdecimal() and 1 <= int(text) <= 31 else None


def first_year(text: str) -> int | None:
    """The first year that free text names: 1998 for `1998 Dec-1999 Jan`."""
    found = _YEAR_IN_TEXT.search(text)
    return int(found[1]) if found else None


@lru_cache(maxsize=1 << 14)
def iso(year: str, month: str = "", day: str = "") -> str:
    """As exact as known: `2015-06-22`, `2015-06`, `2015`; "" without a valid year."""
    y, m, d = year_of(year), month_of(month), day_of(day)
    if y is None:
        return ""
    if m is None:
        return f"{y:04}"
    return f"{y:04}-{m:02}" if d is None else f"{y:04}-{m:02}-{d:02}"
