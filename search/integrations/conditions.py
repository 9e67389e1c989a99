"""Filters as other libraries write them, over the metadata that we give them, as queries of an index."""

from collections.abc import Callable, Sequence

from indexer.queries import Not, Or, Query, Range, Term
from search.errors import UntranslatableFilter

KEYWORDS = {
    "id": "id",
    "journal": "journal",
    "publication_types": "type",
    "mesh": "mesh",
    "languages": "language",
}
"""Metadata that is text, or a list of texts → the index's field. A list equals what it holds; case is ignored."""

FLAGS = {
    "has_abstract": "abstract",
    "retracted": "retracted",
    "retraction_notice": "retraction_notice",
    "expression_of_concern": "concern",
}
"""Metadata that is true or false → the mark that an article has in the index."""

FIELDS = ("year", *KEYWORDS, *FLAGS)
"""All that can be filtered by."""

_LATEST = 10_000
_YEARS: dict[str, Callable[[int], Range]] = {
    "==": lambda year: Range("year", year, year),
    ">": lambda year: Range("year", year + 1, None),
    ">=": lambda year: Range("year", year, None),
    "<": lambda year: Range("year", None, year - 1),
    "<=": lambda year: Range("year", None, year),
}
_DENIALS = {"!=": "==", "not in": "in"}


def compare(field: str, operator: str, value: object) -> Query:
    """What `field operator value` lets through; operators are ==, !=, in, not in, and for years >, >=, <, <=.

    As in the libraries, what an article does not have is unequal to everything.

    Raises:
        UntranslatableFilter: the field is none of FIELDS, or it has no such operator or value.
    """
    if field not in FIELDS:
        raise UntranslatableFilter(f"Articles cannot be filtered by {field!r}. Known: {', '.join(FIELDS)}.")
    if operator in _DENIALS:
        return Not(compare(field, _DENIALS[operator], value))
    if operator == "in":
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise UntranslatableFilter(f"Filter {field!r}: 'in' and 'not in' take a list of values, not {value!r}.")
        if field in KEYWORDS:
            return Term(KEYWORDS[field], tuple(_text(field, one) for one in value))
        return Or(tuple(compare(field, "==", one) for one in value))
    if field == "year":
        return _year(operator, value)
    if operator != "==":
        raise UntranslatableFilter(f"Filter {field!r}: no operator {operator!r}. Known: ==, !=, in, not in.")
    return _flag(field, value) if field in FLAGS else Term(KEYWORDS[field], (_text(field, value),))


def _text(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise UntranslatableFilter(f"Filter {field!r}: {value!r} is no text. Use 'in' for several.")
    return value


def _year(operator: str, value: object) -> Query:
    if operator not in _YEARS:
        known = ", ".join((*_YEARS, "!=", "in", "not in"))
        raise UntranslatableFilter(f"Filter 'year': no operator {operator!r}. Known: {known}.")
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LATEST:
        raise UntranslatableFilter(f"Filter 'year': {value!r} is no year; give a whole number such as 2015.")
    return _YEARS[operator](value)


def _flag(field: str, value: object) -> Query:
    if not isinstance(value, bool):
        raise UntranslatableFilter(f"Filter {field!r}: {value!r} is neither true nor false.")
    marked = Term("flag", (FLAGS[field],))
    return marked if value else Not(marked)
