"""Options that say what a task is, shared by the commands of `biocpt eval`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from search.cli.options import with_options

if TYPE_CHECKING:
    from search.evaluation.task import AnyTask, Task

F = TypeVar("F", bound=Callable[..., Any])


def task_options(function: F) -> F:
    """`--split`, `--format`, `--qrels`, `--part`, `--limit-topics`, `--force`."""
    options = [
        click.option(
            "--split", default="", metavar="NAME", help="A part of the collection, such as test. [default: the only]"
        ),
        click.option(
            "--format",
            type=click.Choice(["auto", "beir", "pubmedqa", "irds", "bioasq", "relish", "sentences", "trec"]),
            default="auto",
            show_default=True,
            help="The format that the task is in.",
        ),
        click.option(
            "--qrels",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="The judgements, where the task brings none or others are wanted.",
        ),
        click.option(
            "--part", default="", metavar="NAME", help="The part of each topic that is asked. [default: the usual]"
        ),
        click.option(
            "--limit-topics", type=click.IntRange(min=1), help="Ask only the first N topics, for a quick look."
        ),
        click.option(
            "--force", is_flag=True, help="Go on though the index lacks more than half of the judged articles."
        ),
    ]
    return with_options(function, options)


def how_to_index(task: "Task") -> str:
    """How the index gets the articles of the task that was named, as a sentence; "" where nothing is known of them."""
    from search.evaluation.tasks import brings_articles

    if task.corpus is not None:
        return f"Index its articles: `biocpt index {task.corpus}`."
    named = click.get_current_context().params
    if brings_articles(named["task"], format=named["format"]):
        return f"Write its articles by `biocpt eval corpus {named['task']} --out FILE`, and index them."
    return ""


def opened(place: str, options: Mapping[str, Any]) -> "AnyTask":
    """The task at `place`, as the options say, with as many topics as they allow."""
    from search.evaluation import assembling
    from search.evaluation.task import SentencePairs
    from search.evaluation.tasks import open_task

    task = open_task(place, **{name: options[name] for name in ("format", "split", "qrels", "part")})
    return task if isinstance(task, SentencePairs) else assembling.first_topics(task, options["limit_topics"])
