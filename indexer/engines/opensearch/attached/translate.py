"""Our queries over somebody's fields, as their field map names them: words go through their own analyzers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from indexer.analysis import sound
from indexer.engines.opensearch.attached.errors import UnmappedField
from indexer.engines.opensearch.attached.field_map import FieldMap
from indexer.engines.opensearch.attached.leaves import DATES, KEYWORDS, NUMBERS, Leaf
from indexer.engines.opensearch.contents.documents import Clause
from indexer.queries import And, Match, Not, Or, Phrase, Query, Range, Term

MOST_WORDS = 400
"""Of one question that are looked up: a server takes 1,024 clauses by default, one a word and field."""

_ALL: Clause = {"match_all": {}}
_NONE: Clause = {"match_none": {}}
_LAST_YEAR = 9_999


@dataclass(frozen=True, slots=True)
class Fields:
    """What can be asked for, and of which type it is."""

    map: FieldMap
    leaves: Mapping[str, Leaf]

    def names(self) -> list[str]:
        """The filters that there are."""
        more = {"year": self.map.year, "retracted": self.map.retracted}
        return ["id", "has-abstract", *self.map.filters, *(name for name, field in more.items() if field)]


def words(text: str, fields: Fields) -> tuple[str, int]:
    """The words of a question that are looked up, and how many are not, so that a server takes it."""
    each = max(1, MOST_WORDS // len(fields.map.searched))
    found = sound(text).split()
    return " ".join(found[:each]), max(0, len(found) - each)


def clause(query: Query, fields: Fields) -> Clause:
    """The query for a cluster.

    Raises: UnmappedField, for a filter that the map has no field for.
    """
    match query:
        case Match(text=text, boosts=boosts):
            return _words(text, dict(boosts), fields)
        case Phrase(text=text):
            return {"multi_match": {"query": sound(text), "type": "phrase", "fields": fields.map.searched}}
        case And(parts=parts):
            return {"bool": {"must": [clause(part, fields) for part in parts]}} if parts else _ALL
        case Or(parts=parts):
            return {"bool": {"should": [clause(part, fields) for part in parts]}} if parts else _NONE
        case Not(part=part):
            return {"bool": {"filter": [_ALL], "must_not": [clause(part, fields)]}}
        case Term(field=name, values=wanted):
            return {"bool": {"filter": [_term(name, [sound(value) for value in wanted], fields)]}}
        case Range(field=name, low=low, high=high):
            return {"bool": {"filter": [_range(name, low, high, fields)]}}
        case _:
            assert_never(query)


def _words(text: str, boosts: Mapping[str, float], fields: Fields) -> Clause:
    map = fields.map
    known = {**({map.title: 2.0} if map.title else {}), **dict.fromkeys(map.text, 1.0)}
    if unknown := sorted(boosts.keys() - known.keys()):
        raise UnmappedField(name=unknown[0], known=known)
    named = {name: boosts.get(name, boost) for name, boost in known.items()}
    asked = [f"{name}^{boost:g}" if boost != 1 else name for name, boost in named.items() if boost > 0]
    return {"multi_match": {"query": words(text, fields)[0], "fields": asked}} if asked else _NONE


def _term(name: str, wanted: Sequence[str], fields: Fields) -> Clause:
    if name == "id":
        return {"ids": {"values": list(wanted)}}
    if name == "flag":
        return _any([_flag(value, fields) for value in wanted])
    leaf = fields.leaves.get(fields.map.filters.get(name, ""))
    if leaf is None:
        raise UnmappedField(name=name, known=fields.names())
    if leaf.type in KEYWORDS - {"constant_keyword"}:
        return _any([{"term": {leaf.path: {"value": value, "case_insensitive": True}}} for value in wanted])
    return {"terms": {leaf.path: [_typed(value, leaf) for value in wanted]}}


def _typed(value: str, leaf: Leaf) -> str:
    """A truth value as a server writes it; all else is read by the server."""
    return value.strip().casefold() if leaf.type == "boolean" else value


def _flag(value: str, fields: Fields) -> Clause:
    if value == "abstract":
        return _any([{"exists": {"field": path}} for path in fields.map.text])
    if value == "retracted" and fields.map.retracted:
        return {"term": {fields.map.retracted: True}}
    raise UnmappedField(name=value, known=fields.names())


def _range(name: str, low: int | None, high: int | None, fields: Fields) -> Clause:
    """Years, both ends included; of a number any other whole number too."""
    leaf = fields.leaves.get(fields.map.year if name == "year" else fields.map.filters.get(name, ""))
    if leaf is None or leaf.type not in DATES | NUMBERS | KEYWORDS:
        raise UnmappedField(name=name, known=fields.names())
    if leaf.type in NUMBERS:
        numbers = {"gte": low, "lt": None if high is None else high + 1}
        return {"range": {leaf.path: {end: value for end, value in numbers.items() if value is not None}}}
    ends_of_text = _years(low, high)
    if ends_of_text is None:
        return _NONE
    if not ends_of_text:
        return {"exists": {"field": leaf.path}}
    if leaf.type in KEYWORDS:
        return {"range": {leaf.path: ends_of_text}}
    days = {end: f"{year}-01-01" for end, year in ends_of_text.items()}
    return {"range": {leaf.path: {**days, "format": "yyyy-MM-dd"}}}


def _years(low: int | None, high: int | None) -> dict[str, str] | None:
    """From the first year to before the one after the last, of four digits; None where no year is between."""
    first, last = max(low or 0, 0), _LAST_YEAR if high is None else min(high, _LAST_YEAR)
    if first > last:
        return None
    return {
        **({"gte": f"{first:04}"} if first > 0 else {}),
        **({"lt": f"{last + 1:04}"} if last < _LAST_YEAR else {}),
    }


def _any(clauses: Sequence[Clause]) -> Clause:
    return {"bool": {"should": clauses}} if clauses else _NONE
