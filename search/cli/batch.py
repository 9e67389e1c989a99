"""Answers to many topics, written as a TREC run: to a file in one piece, or to stdout as they come."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from indexer.queries import Hit
from search.evaluation import runs
from search.evaluation.topics import Topic
from search.request import SearchResponse


def write_run(topics: list[Topic], responses: Iterable[SearchResponse], path: Path | None, tag: str) -> None:
    """Write the run to `path`, or print it; a file appears only when it is whole."""
    lines = _lines(topics, responses, tag)
    if path is None:
        for line in lines:
            click.echo(str(line))
        return
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            count = sum(bool(file.write(f"{line}\n")) for line in lines)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    click.echo(f"Wrote {path}: {len(topics):,} topics, {count:,} hits.", err=True)


def _lines(topics: list[Topic], responses: Iterable[SearchResponse], tag: str) -> Iterator[runs.RunLine]:
    for topic, response in zip(topics, responses, strict=True):
        yield from runs.lines(topic.id, [Hit(result.id, result.score) for result in response.results], tag)
