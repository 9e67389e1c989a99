"""Bodies compared with what Elasticsearch's specification allows, as tests/data/elasticsearch/ keeps it."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[2] / "data" / "elasticsearch" / "allowed.json"
TYPES: Mapping[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))

_OUTSIDE = re.compile(r"/(?![^\[{]*[\]}])")
"""A slash that is not within brackets."""

_PLAIN: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "any": object,
}


def faults(value: object, kind: str, place: str = "") -> list[str]:
    """What is wrong with a value, each with its place; [] for a value of this kind."""
    if kind.startswith("="):
        return [] if value in kind[1:].split("/") else [f"{place} is {value!r}, not one of {kind[1:]}"]
    found = [_faults(value, each, place) for each in _OUTSIDE.split(kind)]
    return min(found, key=len)


def _faults(value: object, kind: str, place: str) -> list[str]:
    if kind.startswith("["):
        if not isinstance(value, list):
            return [f"{place} is no list"]
        return [fault for at, each in enumerate(value) for fault in faults(each, kind[1:-1], f"{place}[{at}]")]
    if kind.startswith("{"):
        if not isinstance(value, dict):
            return [f"{place} is no object"]
        return [fault for name, each in value.items() for fault in faults(each, kind[1:-1], f"{place}.{name}")]
    if kind in _PLAIN:
        fits = isinstance(value, _PLAIN[kind]) and (kind in ("boolean", "any") or not isinstance(value, bool))
        return [] if fits else [f"{place} is {value!r}, no {kind}"]
    if not isinstance(value, dict):
        return [f"{place} is no object of type {kind}"]
    return list(_of_type(value, kind, place))


def _of_type(value: dict[str, Any], kind: str, place: str) -> Iterator[str]:
    allowed = TYPES[kind]
    if "by type" in allowed:
        inner = allowed["by type"].get(value.get("type"))
        yield from faults(value, inner, place) if inner else [f"{place} has the type {value.get('type')!r}"]
        return
    if "one of" in allowed and len(value) != 1:
        yield f"{place} has {sorted(value)}, and a {kind} has one name"
    names = allowed.get("one of") or allowed["names"]
    known = {name.rstrip("!"): inner for name, inner in names.items()}
    yield from (f"{place} lacks {name[:-1]!r}" for name in names if name.endswith("!") and name[:-1] not in value)
    for name, each in value.items():
        if name not in known:
            yield f"{place}.{name} is not allowed in a {kind}"
        else:
            yield from faults(each, known[name], f"{place}.{name}")
