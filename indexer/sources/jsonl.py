"""JSON lines: our own fields, and BEIR's `_id`, `title`, `text`; what else a line holds is kept in `extra`."""

from collections.abc import Iterator
from typing import Any

import orjson

from indexer.article import Article
from indexer.sources import identifiers, json_fields
from indexer.sources.records import Damaged, Item, Place, Rejected

MAX_LINE_BYTES = 1 << 24
"""Longer lines are refused."""

MAX_DEPTH = 100
"""Objects and lists within each other; what is stored again (orjson) may have 254."""


def recognises(head: bytes) -> bool:
    """Whether the first character opens an object."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def parse(contents: Iterator[bytes], place: Place) -> Iterator[Item]:
    """One record a line; blank lines are skipped, but counted, so that a position is a line number.

    Raises:
        Damaged: a line too long; or a last line without a line end that is not JSON, for the file was cut off there.
    """
    for number, (line, ended) in enumerate(_lines(contents), start=1):
        if not line.strip():
            continue
        try:
            stored = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            if not ended:
                raise Damaged(f"its last line is cut off ({error}).") from error
            yield Rejected(position=number, reason=f"not JSON: {error}")
            continue
        if _is_too_deep(line, stored):
            yield Rejected(position=number, reason=f"values lie more than {MAX_DEPTH} deep within each other")
            continue
        yield _record(stored, place, number)


def _lines(contents: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each line, and whether a line end closed it (the last may have none)."""
    rest: list[bytes] = []
    for chunk in contents:
        first, *others = chunk.split(b"\n")
        rest.append(first)
        for line in others:
            yield b"".join(rest).removeprefix(b"\xef\xbb\xbf"), True
            rest = [line]
        if sum(map(len, rest)) > MAX_LINE_BYTES:
            raise Damaged(f"a line is longer than {MAX_LINE_BYTES >> 20} MiB.")
    if any(rest):
        yield b"".join(rest).removeprefix(b"\xef\xbb\xbf"), False


def _record(stored: Any, place: Place, number: int) -> Item:
    if not isinstance(stored, dict):
        return Rejected(position=number, reason=f"not a JSON object but {type(stored).__name__}")
    try:
        key = _take_id(stored)
    except json_fields.BadField as error:
        return Rejected(position=number, reason=str(error))
    fault = identifiers.fault_of_id(key)
    if fault:
        return Rejected(position=number, id=key[:80], reason=fault)
    try:
        fields = json_fields.read(_without_beir_names(stored))
    except json_fields.BadField as error:
        return Rejected(position=number, id=key, reason=str(error))
    version = fields.pop("version", 1)
    order = place.order(number, version)
    return Article(**{**fields, "id": key, "version": version, "order": order, "source": place.name})


def _take_id(stored: dict[str, Any]) -> str:
    """The id, out of `id`, BEIR's `_id`, or else `pmid`, which stays where it is; the first that says something."""
    for name in ("id", "_id"):
        if name in stored and (key := json_fields.key(name, stored.pop(name))):
            return key
    return json_fields.key("pmid", stored.get("pmid"))


def _without_beir_names(stored: dict[str, Any]) -> dict[str, Any]:
    """BEIR's `text` as our `abstract`, where the line has none."""
    if "text" in stored and not stored.get("abstract"):
        stored["abstract"] = stored.pop("text")
    return stored


def _is_too_deep(line: bytes, stored: Any) -> bool:
    """Whether values lie deeper within each other than can be stored; lines of few brackets need no look."""
    if line.count(b"[") + line.count(b"{") <= MAX_DEPTH:
        return False
    level = [stored]
    for _ in range(MAX_DEPTH):
        parts = [part.values() if isinstance(part, dict) else part for part in level if isinstance(part, dict | list)]
        level = [value for part in parts for value in part]
    return bool(level)
