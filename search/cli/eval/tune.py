"""`biocpt eval tune`: better settings for a system, chosen by cross-validation on judgements for development."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from search.cli.access import IndexCommand
from search.cli.eval.grids import grid_from, grid_options
from search.cli.eval.tasks import how_to_index, opened, task_options
from search.cli.options import home_option, index_option, json_option, model_option, print_json, run_options

if TYPE_CHECKING:
    from indexer.engines.location import Location
    from search.evaluation.system import System
    from search.evaluation.task import Task
    from search.evaluation.tuning.choosing import Tuned

_NEVER_TEST = "never tune on what you report at the end. --split train or --split dev says that it is not that."


@click.command(name="tune", cls=IndexCommand, short_help="Choose settings of a system by TASK.")
@click.argument("task")
@index_option
@task_options
@click.option(
    "--system", default="hybrid", show_default=True, help="What to start from: a built-in system or a TOML file."
)
@click.option("--measure", default="nDCG@10", show_default=True, help="What is to grow, in ir-measures' names.")
@grid_options
@click.option("--folds", type=click.IntRange(2, 20), default=5, show_default=True, help="Parts of the topics.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="What the parts are drawn by.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the system to use as TOML into this file."
)
@model_option
@run_options
@home_option
@json_option
def command(task: str, index: "Location", out: Path | None, as_json: bool, **options: Any) -> None:
    """Try settings of a system on TASK, and say what is to be gained on topics that had no part in the choice.

    Fusion, its weights and constant, the number of candidates, sets of --boosts and, where the system re-ranks,
    the weight of the re-ranker's scores are tried. Settings are chosen on all parts of the topics but one and
    judged on that one. Where the gain is within its interval, or choosing among settings without merit would gain
    as much (p 0.05 or more), the system stays as it was. Judgements that are marked as test are refused.
    """
    from search import atomic
    from search.cli.eval import tuned
    from search.evaluation import measures
    from search.evaluation.task import SentencePairs

    if out is not None and not out.parent.is_dir():
        raise click.UsageError(f"--out: there is no folder {str(out.parent)!r}; make it first.")
    if out is not None:
        atomic.require_writable(out.parent)  # what cannot be written is told before minutes of work
    measures.check([options["measure"]])
    opened_task = opened(task, options)
    if isinstance(opened_task, SentencePairs):
        raise click.UsageError("Pairs of sentences are no questions: there is nothing to tune on them.")
    if not opened_task.split:
        click.echo(f"Nobody says which part of its collection {opened_task.name!r} is: {_NEVER_TEST}", err=True)
    found = _tuned(opened_task, index, options)
    if as_json:
        print_json(tuned.as_json(found))
    else:
        tuned.show(found)
    if out is not None:
        tuned.write(found, out)
        click.echo(tuned.written(found, out), err=as_json)


def _tuned(task: "Task", index: "Location", options: Mapping[str, Any]) -> "Tuned":
    from search.cli.bar import bar
    from search.cli.eval import asking
    from search.evaluation import coverage, experiment
    from search.evaluation import system as systems
    from search.evaluation.tuning import choosing
    from search.evaluation.tuning.grid import boosts_of, require_choice
    from search.evaluation.tuning.trials import Trials, ask

    choosing.require_tunable(task, options["folds"])
    (base,) = _one(systems.parse(options["system"]))
    experiment.require_fit(task, base)
    grid = grid_from(options)
    require_choice(base, grid)
    with asking.opened(index, [base], options) as searchers:
        searcher = searchers[base.rerank]
        covered = coverage.figures(task.qrels, coverage.held(task.qrels, searcher.index))
        coverage.require(covered, str(index), force=options["force"], advice=how_to_index(task))
        total, asked = len(task.topics) * len(boosts_of(base, grid)), []
        with bar(total) as show:
            for one in ask(task, base, grid, searcher):
                asked.append(one)
                show(len(asked), f"asked {len(asked):,} of {total:,}; then settings are tried")
        trials = Trials(task, options["measure"], searcher, asked)
        return choosing.tune(base, grid, trials, folds=options["folds"], seed=options["seed"])


def _one(found: tuple["System", ...]) -> tuple["System", ...]:
    if len(found) != 1:
        raise click.UsageError(f"--system: one system is tuned at a time, and {len(found)} are named.")
    return found
