"""`biocpt eval run`, which `biocpt eval TASK` is short for: run systems over a task, judge and compare them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from search.cli.access import IndexCommand
from search.cli.eval.judging import judging_from, judging_options
from search.cli.eval.tasks import how_to_index, opened, task_options
from search.cli.options import home_option, json_option, model_option, run_options, task_index_option

if TYPE_CHECKING:
    from indexer.engines.location import Location
    from search.cli.eval.results import Results
    from search.evaluation.system import System
    from search.evaluation.task import Task


@click.command(name="run", cls=IndexCommand, short_help="Run systems over TASK and compare them.")
@click.argument("task")
@task_index_option
@click.option(
    "--systems",
    metavar="NAMES",
    help="What to compare: lexical, dense, hybrid, hybrid+rerank or TOML files, between commas. "
    "[default: lexical,dense,hybrid; lexical without vectors; dense where articles like one are asked for]",
)
@task_options
@judging_options
@click.option("--sweep", is_flag=True, help="Also try each system with 10 to 1,000 candidates.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write runs, systems, JSON and reports (Markdown, HTML) into this folder.",
)
@model_option
@run_options
@home_option
@json_option
def command(task: str, index: "Location | None", out: Path | None, as_json: bool, **options: Any) -> None:
    """Run systems over TASK, judge them by its relevance judgements, and compare them.

    Systems are run by the searcher that `biocpt search` uses, one question at a time. Means follow BEIR's
    conventions: an article whose id is its topic's id is dropped, and means are over the topics that are both
    judged and answered. Intervals and p say what chance alone would do; p (Holm) allows for several systems.
    """
    from search.cli.eval import pairs
    from search.cli.eval.results import results_to
    from search.evaluation.task import SentencePairs

    results = results_to(out, as_json=as_json)
    match opened(task, options):
        case SentencePairs() as found:
            results.finish(pairs.evaluate(found, index, options))
        case found:
            _evaluate(found, index, results, options)


def _evaluate(task: "Task", index: "Location | None", results: "Results", options: Mapping[str, Any]) -> None:
    from search.cli.eval import asking, command_line
    from search.evaluation import assembling, coverage, facts

    if index is None:
        raise click.UsageError("This task needs the index that holds its articles: give --index.")
    judging = judging_from(options, task.measures)
    systems = asking.systems_for(task, index, options["systems"])
    baseline = assembling.baseline_of([system.name for system in systems], options["baseline"])
    with asking.opened(index, systems, options) as searchers:
        reader = searchers[systems[0].rerank].index
        held = coverage.held(task.qrels, reader)
        covered = coverage.figures(task.qrels, held)
        coverage.require(covered, str(index), force=options["force"], advice=how_to_index(task))
        outcomes = [results.keep(asking.answered(task, one, searchers[one.rerank])) for one in systems]
        evaluation = assembling.of_outcomes(task, outcomes, judging, baseline=baseline, held=held)
        told = {"command": command_line(), **facts.of_searchers(searchers.values()), **facts.of_machine(date.today())}
        evaluation = replace(assembling.with_titles(evaluation, reader), coverage=covered, facts=told)
        try:
            if options["sweep"]:
                _tell_of_re_ranking(systems)
                results.write(evaluation)  # a sweep takes several times as long, and may fail
                points = [p for one in systems for p in asking.swept(task, one, searchers[one.rerank], judging)]
                evaluation = replace(evaluation, sweep=tuple(points))
        finally:
            results.finish(evaluation)


def _tell_of_re_ranking(systems: "Sequence[System]") -> None:
    named = ", ".join(system.name for system in systems if system.rerank != "none")
    if named:
        click.echo(f"The sweep re-ranks anew at each depth ({named}): it takes several times as long.", err=True)
