"""The fields of somebody's mapping, taken out of its objects: `author.name` rather than a tree."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

TEXTS = frozenset({"text", "match_only_text"})
WHOLE = frozenset({"byte", "short", "integer", "long", "unsigned_long"})
NUMBERS = WHOLE | {"float", "half_float", "double", "scaled_float"}
DATES = frozenset({"date", "date_nanos"})
KEYWORDS = frozenset({"keyword", "constant_keyword", "wildcard"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One field that holds values."""

    path: str
    """As queries name it."""
    type: str
    source: str
    """Where its values stand in `_source`: of a multi-field (`title.keyword`) the field around it."""
    is_nested: bool = False
    """Within a nested object, whose parts are documents of their own: no plain query reaches it."""
    format: str = ""
    """Of a date, as its mapping says it; "" for the server's own."""
    is_searched: bool = True
    """Whether it was indexed, so that a query finds anything by it."""

    @property
    def name(self) -> str:
        """The last part of the path in `_source`, in small letters."""
        return self.source.rpartition(".")[2].casefold()


def leaves(mapping: Mapping[str, Any]) -> dict[str, Leaf]:
    """Path → field, of an index's `mappings`; aliases of fields are left out, as they hold nothing."""
    return {leaf.path: leaf for leaf in _within(mapping.get("properties", {}), "", is_nested=False)}


def count(mapping: Mapping[str, Any]) -> int:
    """What a server counts against `index.mapping.total_fields.limit`: objects, fields and their multi-fields."""
    properties = mapping.get("properties", {}).values()
    return sum(1 + len(field.get("fields", {})) + count(field) for field in properties)


def _within(properties: Mapping[str, Any], before: str, *, is_nested: bool) -> Iterator[Leaf]:
    for name, field in properties.items():
        path, kind = f"{before}{name}", field.get("type", "object")
        if kind == "alias":
            continue
        if "properties" in field or kind in ("object", "nested"):
            inner = is_nested or kind == "nested"
            yield from _within(field.get("properties", {}), f"{path}.", is_nested=inner)
            continue
        yield _leaf(path, field, source=path, is_nested=is_nested)
        for part, said in field.get("fields", {}).items():
            yield _leaf(f"{path}.{part}", said, source=path, is_nested=is_nested)


def _leaf(path: str, field: Mapping[str, Any], *, source: str, is_nested: bool) -> Leaf:
    return Leaf(
        path=path,
        type=field["type"],
        source=source,
        is_nested=is_nested,
        format=field.get("format", ""),
        is_searched=field.get("index", True) is not False,
    )
