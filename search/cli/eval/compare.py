"""`biocpt eval compare`: judge and compare run files alone; no index is asked."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from search.cli.eval.judging import judging_from, judging_options
from search.cli.options import json_option

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(name="compare", short_help="Judge and compare TREC run files.")
@click.argument("runs", nargs=-1, required=True, type=_FILE, metavar="RUN...")
@click.option(
    "--qrels", required=True, type=_FILE, help="The judgements: `topic 0 document grade` lines, or BEIR's table."
)
@judging_options
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write JSON and reports (Markdown, HTML) into this folder.",
)
@json_option
def command(runs: tuple[Path, ...], qrels: Path, out: Path | None, as_json: bool, **options: Any) -> None:
    """Judge TREC run files by relevance judgements, and compare each RUN with the first or the --baseline.

    A run is named after its file. Its order is trec_eval's: by score, equal scores by id from the end of the
    alphabet.
    """
    from dataclasses import replace
    from datetime import date

    from search.cli.eval import command_line, readable
    from search.cli.eval.results import results_to
    from search.evaluation import assembling, facts
    from search.evaluation import qrels as judgements
    from search.evaluation import runs as run_files

    results = results_to(out, as_json=as_json)
    judging = judging_from(options, ("nDCG@10", "R@100"))
    names = _names(runs)
    baseline = assembling.baseline_of(names, options["baseline"])
    found = {name: run_files.read(path) for name, path in zip(names, runs, strict=True)}
    evaluation = assembling.of_runs(
        found, judgements.read(qrels), judging, baseline=baseline, name=readable(qrels.name)
    )
    evaluation = replace(evaluation, facts={"command": command_line(), **facts.of_machine(date.today())})
    results.finish(evaluation)


def _names(runs: Sequence[Path]) -> list[str]:
    """Each file's name without what says that it is a run; its whole path where two files share that."""
    from search.cli.eval import readable

    short = [path.name.removesuffix(".gz").removesuffix(".run") for path in runs]
    names = [str(path) if short.count(name) > 1 else name for path, name in zip(runs, short, strict=True)]
    names = list(map(readable, names))
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise click.UsageError(f"Run {twice!r} is given twice.")
    return names
