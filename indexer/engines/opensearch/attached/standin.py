"""What a side-car keeps of somebody's document: its id, year and filters under our own fields, and no text.

All filters but year and id stand in one field, as `name=value`: an index of ours has no fields of other names.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, assert_never

from indexer.article import Article, text_digest
from indexer.engines.opensearch.attached import values
from indexer.engines.opensearch.attached.errors import UnmappedField
from indexer.engines.opensearch.attached.field_map import article_of, passage_of, place
from indexer.engines.opensearch.attached.leaves import NUMBERS, Leaf
from indexer.engines.opensearch.attached.translate import Fields
from indexer.queries import And, Match, Not, Or, Phrase, Query, Range, Term

_FIELD = "type"
"""Of `indexer.fields`: compared ignoring case, and not searched for words."""


def stand_in(id: str, source: Mapping[str, Any], fields: Fields, *, order: int) -> Article:
    """The record that is stored with the vector; it changes when the text or a filter does.

    Args:
        id: of the document.
        source: what the map names of it.
        fields: the map.
        order: of the run: a later one wins.
    """
    article = article_of(id, source, fields.map, fields.leaves)
    return Article(
        id=id,
        order=order,
        year=article.year,
        publication_types=tuple(_kept(source, fields)),
        extra={"text_digest": digest_of(id, source, fields)},
    )


def digest_of(id: str, source: Mapping[str, Any], fields: Fields) -> str:
    """Of what is encoded; "" for no text."""
    title, text = passage_of(source, fields.map, fields.leaves)
    return text_digest(Article(id=id, title=title, abstract=text))


def over_stand_ins(query: Query, fields: Fields) -> Query:
    """A filter as a side-car answers it.

    Raises: UnmappedField, for one that the map has no field for.
    """
    match query:
        case And(parts=parts):
            return And(tuple(over_stand_ins(part, fields) for part in parts))
        case Or(parts=parts):
            return Or(tuple(over_stand_ins(part, fields) for part in parts))
        case Not(part=part):
            return Not(over_stand_ins(part, fields))
        case Term(field="id"):
            return query
        case Term(field=name, values=wanted):
            return Term(_FIELD, tuple(_entry(name, value, _leaf(name, value, fields)) for value in wanted))
        case Range(field="year"):
            if not fields.map.year:
                raise UnmappedField(name="year", known=fields.names())
            return query
        case Range(field=name):
            raise UnmappedField(name=name, known=["year"])
        case Match() | Phrase():
            raise UnmappedField(name="words", known=fields.names())
        case _:
            assert_never(query)


def _leaf(name: str, value: str, fields: Fields) -> Leaf | None:
    """The field behind a filter; None for one of ours that has no values of its own."""
    if name == "flag":
        if value == "abstract" or (value == "retracted" and fields.map.retracted):
            return None
        raise UnmappedField(name=value, known=fields.names())
    leaf = fields.leaves.get(fields.map.filters.get(name, ""))
    if leaf is None:
        raise UnmappedField(name=name, known=fields.names())
    return leaf


def _kept(source: Mapping[str, Any], fields: Fields) -> Iterator[str]:
    map = fields.map
    for name, path in sorted(map.filters.items()):  # a cluster gives them back in any order
        leaf = fields.leaves.get(path)
        if leaf is not None:
            yield from (_entry(name, value, leaf) for value in values.strings(source, leaf.source))
    if any(values.text(source, place(path, fields.leaves)).strip() for path in map.text):
        yield _entry("flag", "abstract", None)
    if map.retracted and _first(values.strings(source, map.retracted)) == "true":
        yield _entry("flag", "retracted", None)


def _first(found: Sequence[str]) -> str:
    return found[0] if found else ""


def _entry(name: str, value: str, leaf: Leaf | None) -> str:
    """Numbers are written in one way, so that 2.50 is 2.5."""
    if leaf is not None and leaf.type in NUMBERS:
        try:
            number = float(value)
        except ValueError:
            return f"{name}={value}"
        return f"{name}={number!r}" if math.isfinite(number) else f"{name}={value}"
    return f"{name}={value}"
