"""Read topics, the questions of a test collection: `id<TAB>query` lines or BEIR's JSON lines. Add a format here."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import orjson

from search.errors import BadTopics


class Topic(NamedTuple):
    """One question with its id."""

    id: str
    query: str


def read(path: Path) -> list[Topic]:
    """The topics in file order; plain or gzip; a first byte of `{` means JSON lines.

    Raises:
        BadTopics: the file is missing or not UTF-8, a line is no topic, an id comes twice, or there is none.
    """
    topics = [_topic(line, path, number) for number, line in _lines(path)]
    if not topics:
        raise BadTopics(f"Topics file {str(path)!r} holds no topics. Give one `id<TAB>query` a line.")
    first: dict[str, int] = {}
    for number, topic in enumerate(topics, start=1):
        if topic.id in first:
            raise BadTopics(
                f"Topics file {str(path)!r} has id {topic.id!r} twice: topics {first[topic.id]} and {number}."
            )
        first[topic.id] = number
    return topics


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        raise BadTopics(f"Cannot read topics file {str(path)!r}: {error}.") from error
    except UnicodeDecodeError as error:
        raise BadTopics(f"Topics file {str(path)!r} is not UTF-8 (byte {error.start}). Convert it first.") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line.rstrip("\r")


def _topic(line: str, path: Path, number: int) -> Topic:
    id, query = _json_topic(line, path, number) if line.lstrip().startswith("{") else _tab_topic(line, path, number)
    if not id or any(sign.isspace() for sign in id):
        raise BadTopics(
            f"Line {number} of {str(path)!r}: id {id!r} is empty or has spaces, which TREC runs cannot hold."
        )
    if not query.strip():
        raise BadTopics(f"Line {number} of {str(path)!r}: topic {id!r} has no query.")
    return Topic(id, query.strip())


def _tab_topic(line: str, path: Path, number: int) -> tuple[str, str]:
    id, tab, query = line.partition("\t")
    if not tab:
        raise BadTopics(f"Line {number} of {str(path)!r} is not `id<TAB>query`: {line[:80]!r}.")
    return id.strip(), query


def _json_topic(line: str, path: Path, number: int) -> tuple[str, str]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadTopics(f"Line {number} of {str(path)!r} is not JSON: {error}.") from error
    id, query = row.get("_id", row.get("id")), row.get("text", row.get("query"))
    if not isinstance(id, str | int) or not isinstance(query, str):
        raise BadTopics(f"Line {number} of {str(path)!r} lacks `_id` and `text`: {line[:80]!r}.")
    return str(id), query
