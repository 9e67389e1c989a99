"""Read topics, the questions of a test collection: `id<TAB>query` lines, BEIR's JSON lines, or TREC's markup.

Add a format here.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import orjson

from search.errors import BadTopics
from search.evaluation import files, markup


class Topic(NamedTuple):
    """One question with its id."""

    id: str
    query: str


def read(path: Path, *, part: str = "") -> list[Topic]:
    """The topics in file order; plain or gzip.

    A first sign of `{` means JSON lines, and `<` means TREC's markup: `<top>` blocks, or XML.

    Args:
        path: The file.
        part: Of a topic in markup, which part is the query: `title`, `description`, `narrative`, `query`, `question` or
            whatever its element is called; "" for its first part of these, `title` and `query` before the others, or
            for the text of a topic without parts.

    Raises:
        BadTopics: the file is missing or not UTF-8, something in it is no topic or lacks the part, an id comes twice,
            or there is none.
    """
    lines = list(files.lines(path, "topics", BadTopics))
    if lines and lines[0][1].lstrip().startswith("<"):
        text = files.text(path, "topics", BadTopics)
        topics = [_checked(found.id, found.query(part), path, found.line) for found in markup.read(text, path)]
    elif part:
        raise BadTopics(f"Topics file {str(path)!r} has one text a topic, and so no part {part!r}.")
    else:
        topics = [_topic(line, path, number) for number, line in lines]
    _refuse_repeats(topics, path)
    return topics


def _refuse_repeats(topics: Iterable[Topic], path: Path) -> None:
    first: dict[str, int] = {}
    for number, topic in enumerate(topics, start=1):
        if topic.id in first:
            raise BadTopics(
                f"Topics file {str(path)!r} has id {topic.id!r} twice: topics {first[topic.id]} and {number}."
            )
        first[topic.id] = number
    if not first:
        raise BadTopics(f"Topics file {str(path)!r} holds no topics. Give one `id<TAB>query` a line.")


def _topic(line: str, path: Path, number: int) -> Topic:
    id, query = _json_topic(line, path, number) if line.lstrip().startswith("{") else _tab_topic(line, path, number)
    return _checked(id, query, path, number)


def _checked(id: str, query: str, path: Path, number: int) -> Topic:
    if not files.is_id(id):
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
    if isinstance(id, bool) or not isinstance(id, str | int) or not isinstance(query, str):
        raise BadTopics(f"Line {number} of {str(path)!r} lacks `_id` and `text`: {line[:80]!r}.")
    return str(id), query
