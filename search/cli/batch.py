"""Answers to many topics, written as a TREC run: to a file in one piece, or to stdout as they come."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from search import atomic
from search.evaluation import runs
from search.evaluation.topics import Topic
from search.response import Ranking


def write_run(topics: list[Topic], rankings: Iterable[Ranking], path: Path | None, tag: str) -> None:
    """Write the run to `path`, or print it; a file appears only when it is whole."""
    lines = _lines(topics, rankings, tag)
    if path is None:
        for line in lines:
            click.echo(str(line))
        return
    with atomic.writing(path) as partial, partial.open("w", encoding="utf-8") as file:
        count = sum(bool(file.write(f"{line}\n")) for line in lines)
    click.echo(f"Wrote {path}: {len(topics):,} topics, {count:,} hits.", err=True)


def _lines(topics: list[Topic], rankings: Iterable[Ranking], tag: str) -> Iterator[runs.RunLine]:
    for topic, ranking in zip(topics, rankings, strict=True):
        yield from runs.lines(topic.id, ranking.page, tag)
