"""Which record of an article is the newest: one 63-bit number, compared wherever records meet.

From high to low: PMID version (9 bits), year of the file (12), number of the file (20), position in the file (21),
deletion last (1). NLM's rule (a later file replaces an earlier one, a higher version a lower) becomes `>`.
"""

import re
from typing import NamedTuple

_VERSION_BITS, _YEAR_BITS, _NUMBER_BITS, _POSITION_BITS = 9, 12, 20, 21

UNNUMBERED_YEAR = (1 << _YEAR_BITS) - 1
"""The year of files with no number in their name: newer than every numbered file, by order of arrival."""

_NLM_NAME = re.compile(r"(?:pubmed|medline)(\d\d)n(\d{4,6})(?!\d)", re.IGNORECASE)


class Stamp(NamedTuple):
    """The place of a file among all files: (year, number)."""

    year: int
    number: int


def stamp_from_name(name: str) -> Stamp | None:
    """(2026, 1335) for `pubmed26n1335.xml.gz`, None for a name without NLM's year and number."""
    found = _NLM_NAME.search(name)
    if found is None:
        return None
    year = int(found[1])
    return Stamp(year + (1900 if year > 60 else 2000), int(found[2]))


def arrival_stamp(sequence: int) -> Stamp:
    """The stamp of the `sequence`-th unnumbered file (from 1), newer than all before it."""
    return Stamp(UNNUMBERED_YEAR, sequence)


def pack(stamp: Stamp, *, version: int = 1, position: int = 0, deletion: bool = False) -> int:
    """The order of the record at `position` (from 0) of a file; each part saturates at its largest value."""
    packed = min(max(version, 0), (1 << _VERSION_BITS) - 1)
    packed = packed << _YEAR_BITS | min(stamp.year, UNNUMBERED_YEAR)
    packed = packed << _NUMBER_BITS | min(stamp.number, (1 << _NUMBER_BITS) - 1)
    packed = packed << _POSITION_BITS | min(position, (1 << _POSITION_BITS) - 1)
    return packed << 1 | deletion


def version_of(order: int) -> int:
    """The PMID version that was packed into an order."""
    return order >> (_YEAR_BITS + _NUMBER_BITS + _POSITION_BITS + 1)


def arrival_of(order: int) -> int:
    """The sequence number of the unnumbered file that an order is of; 0 for a numbered file."""
    file = order >> (_POSITION_BITS + 1)
    year, number = file >> _NUMBER_BITS & UNNUMBERED_YEAR, file & ((1 << _NUMBER_BITS) - 1)
    return number if year == UNNUMBERED_YEAR else 0


def position_of(order: int) -> int:
    """The position in its file that an order is of, from 0."""
    return order >> 1 & ((1 << _POSITION_BITS) - 1)


def same_file(one: int, other: int) -> bool:
    """Whether two orders are of the same PMID version, from files of the same year and number."""
    return one >> (_POSITION_BITS + 1) == other >> (_POSITION_BITS + 1)
