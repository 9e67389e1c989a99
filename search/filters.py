"""Which articles may answer: the filters of a request, and the query that an engine applies inside every list."""

import re
from dataclasses import dataclass

from indexer.queries import And, Not, Query, Range, Term
from search.errors import InvalidRequest

_YEARS = re.compile(r"\s*(\d{4})?\s*([-:])?\s*(\d{4})?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What an article must be. Values of one field are alternatives; fields are all required."""

    years: tuple[int | None, int | None] = (None, None)
    """First and last year, both included; None leaves an end open."""
    journals: tuple[str, ...] = ()
    """Full titles or abbreviations, with or without dots, in any case."""
    types: tuple[str, ...] = ()
    mesh: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    ids: tuple[str, ...] | None = None
    """None: any id. An empty tuple lets nothing through."""
    has_abstract: bool = False
    no_retracted: bool = False
    also: Query | None = None
    """What else must hold, as a query of `indexer.queries`: for what the fields above cannot say."""

    def __post_init__(self) -> None:
        """Refuse what would let nothing through without a word: a text in place of a tuple, years that are none."""
        for name in ("journals", "types", "mesh", "languages", "ids"):
            value = getattr(self, name)
            if isinstance(value, str):
                raise InvalidRequest(f"The filter {name} is the text {value!r}; give a tuple of texts: ({value!r},).")
        if len(self.years) != 2 or not all(year is None or type(year) is int for year in self.years):
            raise InvalidRequest(f"The filter years is {self.years!r}; give (first, last), None for an open end.")
        low, high = self.years
        if low is not None and high is not None and high < low:
            raise InvalidRequest(f"The filter years is {self.years!r}, which ends before it begins; swap its ends.")

    def query(self) -> Query | None:
        """All filters as one query; None where there are none."""
        parts: list[Query] = []
        if self.years != (None, None):
            parts.append(Range("year", *self.years))
        keywords = {
            "journal": self.journals,
            "type": self.types,
            "mesh": self.mesh,
            "language": self.languages,
        }
        parts.extend(Term(field, values) for field, values in keywords.items() if values)
        if self.ids is not None:
            parts.append(Term("id", self.ids))
        if self.has_abstract:
            parts.append(Term("flag", ("abstract",)))
        if self.no_retracted:
            parts.append(Not(Term("flag", ("retracted",))))
        if self.also is not None:
            parts.append(self.also)
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else And(tuple(parts))


def parse_years(text: str) -> tuple[int | None, int | None]:
    """(2015, 2020) for `2015-2020` or `2015:2020`; (2015, None) for `2015-`; (2015, 2015) for `2015`.

    Raises:
        InvalidRequest: it is none of these, or ends before it begins.
    """
    found = _YEARS.fullmatch(text)
    if found is None or not (found[1] or found[3]):
        raise InvalidRequest(f"Year {text!r} is not a year or a range such as 2015, 2015-2020, 2015- or -2020.")
    low = int(found[1]) if found[1] else None
    high = int(found[3]) if found[3] else None
    if not found[2]:
        if low is not None and high is not None:
            raise InvalidRequest(f"Year {text!r} is not a year or a range such as 2015-2020.")
        return (low, low)
    if low is not None and high is not None and high < low:
        raise InvalidRequest(f"Year range {text!r} ends before it begins; swap its ends.")
    return (low, high)
