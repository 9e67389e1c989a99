"""Read topics, the questions of a test collection: `id<TAB>query` lines or BEIR's JSON lines. Add a format here."""

from pathlib import Path
from typing import NamedTuple

import orjson

from search.errors import BadTopics
from search.evaluation import files


class Topic(NamedTuple):
    """One question with its id."""

    id: str
    query: str


def read(path: Path, *, part: str = "") -> list[Topic]:
    """The topics in file order; plain or gzip; a first byte of `{` means JSON lines.

    Raises:
        BadTopics: the file is missing or not UTF-8, a line is no topic, an id comes twice, or there is none.
    """
    if part:
        raise BadTopics(f"Topics file {str(path)!r} has one text a topic, and so no part {part!r}.")
    topics = [_topic(line, path, number) for number, line in files.lines(path, "topics", BadTopics)]
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
