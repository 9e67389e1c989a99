"""An article as one JSON object, and back; and the digest that names what a record says."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any

import orjson

from indexer.article import (
    Article,
    Author,
    Chemical,
    Deletion,
    Grant,
    Link,
    MeshHeading,
    OtherAbstract,
    Qualifier,
    Record,
    Section,
)

_DEFAULTS: dict[str, object] = {
    item.name: item.default if item.default is not MISSING else {} for item in fields(Article) if item.name != "id"
}

PARTS: dict[str, type[Any]] = {
    "sections": Section,
    "other_abstracts": OtherAbstract,
    "authors": Author,
    "investigators": Author,
    "editors": Author,
    "mesh": MeshHeading,
    "chemicals": Chemical,
    "grants": Grant,
    "links": Link,
}
"""The fields that hold tuples of these; all other tuples hold strings."""

_PART_FIELDS: dict[type[Any], dict[str, bool]] = {
    kind: {item.name: item.default is MISSING for item in fields(kind)} for kind in (*PARTS.values(), Qualifier)
}
"""The fields of a part, and whether each must be given."""

_STRING_TUPLES = frozenset(name for name, default in _DEFAULTS.items() if default == () and name not in PARTS)

FIELD_NAMES = frozenset((*_DEFAULTS, "id"))
"""Every field of an article."""


def to_json(article: Article, *, without: Iterable[str] = ()) -> bytes:
    """The whole record as one JSON object, empty fields left out; `from_json` is its inverse.

    Fields that `without` names are left out too.

    Raises:
        orjson.JSONEncodeError: a text holds half of a surrogate pair, which is no character; no source yields one.
    """
    stated = _stated(article)
    for name in without:
        stated.pop(name, None)
    return orjson.dumps(stated, default=_compact, option=orjson.OPT_PASSTHROUGH_DATACLASS)


def from_json(data: bytes) -> Article:
    """The article that `to_json` wrote; fields it does not know (a newer version's) are kept in `extra`."""
    stored: dict[str, Any] = orjson.loads(data)
    unknown = {name: stored.pop(name) for name in stored.keys() - FIELD_NAMES}
    if unknown:
        stored["extra"] = {**unknown, **stored.get("extra", {})}
    return from_mapping(stored)


def from_mapping(stored: Mapping[str, Any]) -> Article:
    """An article from its fields as JSON has them: lists for tuples, objects for authors, headings and the like."""
    made = dict(stored)
    for name in made.keys() & PARTS.keys():
        kind = PARTS[name]
        made[name] = tuple(_part(kind, item) for item in made[name])
    for name in made.keys() & _STRING_TUPLES:
        made[name] = tuple(made[name])
    return Article(**made)


def record_digest(record: Record) -> str:
    """Names what a record says, 32 hex digits: equal for two records that differ in `order` and `source` alone."""
    if isinstance(record, Deletion):
        said = orjson.dumps({"deleted": record.id, "version": record.version})
    else:
        stated = _stated(record)
        stated.pop("order", None)
        stated.pop("source", None)
        options = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_SORT_KEYS
        said = orjson.dumps(stated, default=_compact, option=options)
    return hashlib.blake2b(said, digest_size=16).hexdigest()


def _stated(article: Article) -> dict[str, Any]:
    """The fields that are not empty."""
    stated: dict[str, Any] = {"id": article.id}
    for name, default in _DEFAULTS.items():
        value = getattr(article, name)
        if value != default:
            stated[name] = value
    return stated


def _compact(part: object) -> dict[str, Any]:
    """A part without its empty fields."""
    names = _PART_FIELDS.get(type(part))
    if names is None:
        raise TypeError(f"{type(part).__name__} cannot be stored as JSON")
    return {name: value for name, needed in names.items() if (value := getattr(part, name)) or needed}


def _part(kind: type[Any], stored: Mapping[str, Any]) -> Any:
    """One part; fields that it does not have (a newer version's) are left out."""
    make: Callable[..., Any] = kind
    known = {name: _tuple(value) for name, value in stored.items() if name in _PART_FIELDS[kind]}
    if kind is MeshHeading and known.get("qualifiers"):
        known["qualifiers"] = tuple(_part(Qualifier, item) for item in known["qualifiers"])
    return make(**known)


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
