"""A field map as TOML that people read and edit: each line with the reason it was proposed for."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from indexer.attach.proposal import Proposal
from indexer.engines.opensearch.attached.errors import UnusableMap
from indexer.engines.opensearch.attached.field_map import FieldMap

_KEYS = {"title": str, "text": list, "year": str, "retracted": str, "filters": dict}


def as_toml(proposal: Proposal, address: object) -> str:
    """The whole file."""
    return "\n".join(_lines(proposal, address)) + "\n"


def read_map(path: Path) -> FieldMap:
    """The map of a file.

    Raises: UnusableMap, for one that is no TOML, or has keys that no map has.
    """
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UnusableMap(path=path, why=error.strerror or error) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UnusableMap(path=path, why=error) from error
    return _map(said, path)


def _map(said: Mapping[str, Any], path: Path) -> FieldMap:
    for name, value in said.items():
        if name not in _KEYS:
            raise UnusableMap(path=path, why=f"{name!r} is none of its keys, which are {', '.join(_KEYS)}")
        if name == "text" and isinstance(value, str):
            continue
        if not isinstance(value, _KEYS[name]):
            raise UnusableMap(path=path, why=f"{name} is {value!r}")
    text = said.get("text", [])
    fields = [text] if isinstance(text, str) else text
    filters = said.get("filters", {})
    strings = [*fields, *filters.values()]
    if not all(isinstance(value, str) and value for value in strings):
        raise UnusableMap(path=path, why="each field is named by a text")
    named = {name: said.get(name, "") for name in ("title", "year", "retracted")}
    return FieldMap(text=tuple(fields), filters=filters, **named)


def _lines(proposal: Proposal, address: object) -> Iterator[str]:
    fields, why = proposal.map, proposal.reasons
    yield f"# The fields of {address}, proposed from its mapping and {proposal.documents:,} of its documents."
    yield "# Change what is wrong, then: biocpt attach URL --map THIS_FILE --apply"
    yield "# The id of a document is always its _id."
    yield ""
    if fields.title:
        yield from _entry("title", _quoted(fields.title), why["title"])
    else:
        yield "# No title: no text field beside the text has a name for one."
    yield "# text: a list; what the encoder reads, in this order, and what is searched for words."
    yield from _entry("text", f"[{', '.join(map(_quoted, fields.text))}]", why["text"])
    if fields.year:
        yield from _entry("year", _quoted(fields.year), why["year"])
    else:
        yield "# No year: no field is a date, or a year by its name and values."
    if fields.retracted:
        yield from _entry("retracted", _quoted(fields.retracted), why["retracted"])
    if proposal.others:
        yield "# Not taken:"
        yield from (f"#   {_one_line(other)}" for other in proposal.others)
    yield ""
    yield "# Name of a filter = field: --journal, --type, --language and --mesh ask those of these names, and"
    yield "# --filter NAME=VALUE any."
    yield "[filters]"
    for name, field in fields.filters.items():
        yield from _entry(_quoted(name), _quoted(field), why[f"filters.{name}"])


def _entry(name: str, value: str, why: str) -> Iterator[str]:
    yield f"# {_one_line(why)}"
    yield f"{name} = {value}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")  # which TOML wants so, and JSON does not


def _one_line(text: str) -> str:
    """Without what would end a comment or upset a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
