"""A JSON object's values as the fields of an article: checked, and lenient where the meaning is plain."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeAlias

from indexer.article import Article, Author, Chemical, Grant, Link, MeshHeading, OtherAbstract, Qualifier, Section
from indexer.article_json import PARTS
from indexer.sources import dates, names

Reader: TypeAlias = Callable[[str, Any], Any]


class BadField(ValueError):
    """A field holds what cannot be read as it; the message names the field and shows the value."""


def read(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments for `Article` (all but `id`, `order` and `source`); what is not a field of ours goes to `extra`.

    So does a list of authors, headings and the like whose items hold more than we do: whole, under its own name.

    Raises:
        BadField: a value of a kind that its field cannot be.
    """
    made: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in stored.items():
        if name in ("id", "order", "source"):
            continue
        reader = _READERS.get(name)
        if reader is None:
            extra[name] = value
        elif value is not None:
            made[name] = reader(name, value)
            if name in PARTS and _says_more(PARTS[name], value):
                extra[name] = value
    if extra:
        made["extra"] = {**extra, **made.get("extra", {})}
    return made


def text(name: str, value: Any) -> str:
    """A string, or a number as one; "" for null."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise _bad(name, "a string", value)


def key(name: str, value: Any) -> str:
    """An identifier: a string, or a whole number as one. A number of over 64 bits came as a float, and lost digits."""
    if isinstance(value, float):
        raise _bad(name, "a string or a whole number of at most 64 bits", value)
    return text(name, value).strip()


def _number(name: str, value: Any) -> int | None:
    """A whole number, also as a string; None for an empty string."""
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
        if not (value.isascii() and value.isdecimal() and len(value) < 10):
            raise _bad(name, "a whole number", value)
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9:
        return value
    raise _bad(name, "a whole number", value)


def _year(name: str, value: Any) -> int | None:
    """A year; what is none (`"n.d."`, 20099) leaves the field empty, as it does in PubMed's own records."""
    return dates.year_of(str(value).strip()) if isinstance(value, str | int) else _number(name, value)


def _month(name: str, value: Any) -> int | None:
    return dates.month_of(str(value).strip()) if isinstance(value, str | int) else _number(name, value)


def _day(name: str, value: Any) -> int | None:
    return dates.day_of(str(value).strip()) if isinstance(value, str | int) else _number(name, value)


def _version(name: str, value: Any) -> int:
    return _number(name, value) or 1


def _texts(name: str, value: Any) -> tuple[str, ...]:
    """A list of strings; one string is a list of one."""
    items = value if isinstance(value, list) else [value]
    return tuple(said for item in items if (said := text(name, item)))


def _mapping(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _bad(name, "an object", value)
    return value


def _text_mapping(name: str, value: Any) -> dict[str, str]:
    return {key: text(f"{name}.{key}", item) for key, item in _mapping(name, value).items()}


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _bad(name, "true or false", value)
    return value


def _bad(name: str, wanted: str, value: Any) -> BadField:
    return BadField(f"{name!r} must be {wanted}, not {str(value)[:60]!r}")


def _parts(kind: type[Any], from_text: Callable[[str], Any]) -> Callable[[str, Any], tuple[Any, ...]]:
    """A reader of a list whose items are objects with the fields of `kind`, or strings for `from_text`.

    An item that says nothing of ours is left out.
    """
    readers = {item.name: _part_readers()[item.type] for item in fields(kind)}
    required = [item.name for item in fields(kind) if item.default is MISSING]

    def read_part(name: str, value: Any) -> Any:
        if isinstance(value, str):
            return from_text(value)
        stored = _mapping(name, value)
        made = {key: readers[key](f"{name}.{key}", item) for key, item in stored.items() if key in readers}
        for needed in required:
            if not made.get(needed):
                raise _bad(name, f"an object with {needed!r}", value)
        return kind(**made) if any(made.values()) else None

    def read_list(name: str, value: Any) -> tuple[Any, ...]:
        items = value if isinstance(value, list) else [value]
        return tuple(part for item in items if (part := read_part(name, item)) is not None)

    return read_list


def _says_more(kind: type[Any], value: Any) -> bool:
    """Whether an object among the items has a field that a part of this kind has not."""
    known = {item.name for item in fields(kind)} | ({"name"} if kind is Author else set())
    objects = [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]
    return any(not item.keys() <= known for item in objects) or any(
        _says_more(Qualifier, item["qualifiers"]) for item in objects if kind is MeshHeading and "qualifiers" in item
    )


def _people(name: str, value: Any) -> tuple[Any, ...]:
    """Authors; `name`, which is not ours but common, is taken as a person's whole name."""
    items = value if isinstance(value, list) else [value]
    return _AUTHORS(name, [_with_parts_of_name(name, item) for item in items])


def _with_parts_of_name(field: str, item: Any) -> Any:
    if not isinstance(item, dict) or not item.get("name") or item.get("last_name") or item.get("collective"):
        return item
    said = text(f"{field}.name", item["name"])
    person = names.full(said) if "," in said else names.short(said)
    parts = {part.name: getattr(person, part.name) for part in fields(Author)}
    given = {key: value for key, value in item.items() if value not in (None, "")}
    return {**{name: part for name, part in parts.items() if part}, **given}


def _part_readers() -> dict[Any, Reader]:
    """By the type of a part's field."""
    return {str: text, bool: _flag, tuple[str, ...]: _texts, tuple[Qualifier, ...]: _qualifiers}


def _qualifiers(name: str, value: Any) -> tuple[Any, ...]:
    return _parts(Qualifier, lambda said: Qualifier(name=said))(name, value)


_AUTHORS = _parts(Author, names.author)

_BY_NAME: dict[str, Reader] = {
    "sections": _parts(Section, lambda said: Section(text=said)),
    "other_abstracts": _parts(OtherAbstract, lambda said: OtherAbstract(text=said)),
    "authors": _people,
    "investigators": _people,
    "editors": _people,
    "mesh": _parts(MeshHeading, lambda said: MeshHeading(name=said)),
    "chemicals": _parts(Chemical, lambda said: Chemical(name=said)),
    "grants": _parts(Grant, lambda said: Grant(id=said)),
    "links": _parts(Link, lambda said: Link(type=said)),
    "pmid": key,
    "year": _year,
    "month": _month,
    "day": _day,
    "version": _version,
    "other_ids": _text_mapping,
    "extra": _mapping,
}

_READERS: dict[str, Reader] = {
    item.name: _BY_NAME.get(item.name) or (_texts if item.type == tuple[str, ...] else text) for item in fields(Article)
}
