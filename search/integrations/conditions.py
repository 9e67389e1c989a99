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
"""All that can be filtered by in an index of ours."""

EXTRA = "extra."
"""Begins the filters of an index that is attached to: `extra.ward` is its filter `ward`."""

MOST_NESTED = 50
"""How deep conditions may lie in each other."""

_MOST = 2**53
_RANGES: dict[str, Callable[[str, int], Range]] = {
    ">": lambda name, number: Range(name, number + 1, None),
    ">=": lambda name, number: Range(name, number, None),
    "<": lambda name, number: Range(name, None, number - 1),
    "<=": lambda name, number: Range(name, None, number),
}
_DENIALS = {"!=": "==", "not in": "in"}
_EQUAL = ("==", "in", *_DENIALS)


def compare(field: str, operator: str, value: object) -> Query:
    """What `field operator value` lets through; operators are ==, !=, in, not in, and for numbers >, >=, <, <=.

    As in the libraries, what an article does not have is unequal to everything.

    Raises:
        UntranslatableFilter: the field is none of FIELDS and begins with no EXTRA; or it has no such operator or value.
    """
    if not isinstance(operator, str):
        raise UntranslatableFilter(f"Filter {field!r}: the operator {operator!r} is no text.")
    is_extra = field.startswith(EXTRA)
    if field not in FIELDS and not is_extra:
        raise UntranslatableFilter(f"Articles cannot be filtered by {field!r}. Known: {', '.join(FIELDS)}.")
    if operator in _RANGES and (field == "year" or is_extra):
        return _RANGES[operator](field.removeprefix(EXTRA), _number(field, value))
    if operator not in _EQUAL:
        known = ", ".join((*_EQUAL, *_RANGES) if field == "year" or is_extra else _EQUAL)
        raise UntranslatableFilter(f"Filter {field!r}: no operator {operator!r}. Known: {known}.")
    if operator in _DENIALS:
        return Not(compare(field, _DENIALS[operator], value))
    return _one_of(field, _listed(field, value) if operator == "in" else [value])


def _one_of(field: str, values: Sequence[object]) -> Query:
    if field == "year":
        years = [_number(field, value) for value in values]
        return Or(tuple(Range("year", year, year) for year in years))
    if field in FLAGS:
        marked = Term("flag", (FLAGS[field],))
        return Or(tuple(marked if _truth(field, value) else Not(marked) for value in values))
    if field.startswith(EXTRA):
        return Term(field.removeprefix(EXTRA), tuple(_written(value) for value in values))
    return Term(KEYWORDS[field], tuple(_text(field, value) for value in values))


def _listed(field: str, value: object) -> Sequence[object]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise UntranslatableFilter(f"Filter {field!r}: 'in' and 'not in' take a list of values, not {value!r}.")
    return value


def _number(field: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _MOST:
        raise UntranslatableFilter(f"Filter {field!r}: {value!r} is no whole number such as 2015.")
    return value


def _truth(field: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise UntranslatableFilter(f"Filter {field!r}: {value!r} is neither true nor false.")
    return value


def _text(field: str, value: object) -> str:
    if not isinstance(value, str):
        raise UntranslatableFilter(f"Filter {field!r}: {value!r} is no text. Use 'in' for several.")
    return value


def _written(value: object) -> str:
    """As JSON has it: the index knows whether it is a number, a truth value or a text."""
    return str(value).lower() if isinstance(value, bool) else str(value)
