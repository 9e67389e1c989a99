"""Write an evaluation into a folder: `runs/NAME.run`, `systems/NAME.toml`, evaluation.json and the reports."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click
import orjson

from search import atomic
from search.evaluation import report, runs
from search.evaluation.evaluation import Evaluation
from search.evaluation.experiment import Outcome


def write(folder: Path, evaluation: Evaluation, outcomes: Iterable[Outcome]) -> None:
    """Write all files; each appears only when it is whole, in place of one that is there."""
    every = list(outcomes)
    for outcome in every:
        _put(folder / "runs" / f"{outcome.system.name}.run", _trec(outcome))
    for system in evaluation.systems:
        if system.toml:
            _put(folder / "systems" / f"{system.name}.toml", system.toml)
    _put(folder / "evaluation.json", orjson.dumps(asdict(evaluation), option=orjson.OPT_INDENT_2).decode())
    _put(folder / "report.md", report.markdown(evaluation))
    _put(folder / "report.html", report.html(evaluation))
    click.echo(f"Wrote {folder}: {len(every)} runs, evaluation.json, report.md and report.html.", err=True)


def _trec(outcome: Outcome) -> str:
    tag = outcome.system.name
    return "".join(f"{line}\n" for topic, hits in outcome.run.items() for line in runs.lines(topic, hits, tag))


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic.writing(path) as partial:
        partial.write_text(text, encoding="utf-8")
