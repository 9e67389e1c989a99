"""Where an evaluation goes: stdout and, where one was named, a folder of runs, systems, JSON and reports."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import orjson

from search import atomic
from search.cli.eval import showing
from search.evaluation import report, runs
from search.evaluation.evaluation import Evaluation
from search.evaluation.experiment import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What was found goes here as soon as it is there, so that what fails later loses nothing."""

    folder: Path | None
    """Each file in it appears only when it is whole, in place of one that is there; None: no files are wanted."""
    as_json: bool

    def keep(self, outcome: Outcome) -> Outcome:
        """Write the run of a system that has answered."""
        if self.folder is not None:
            _put(self.folder / "runs" / _run_file(outcome.system.name), _trec(outcome))
        return outcome

    def write(self, evaluation: Evaluation) -> None:
        """Write all that an evaluation is, but its runs."""
        if self.folder is None:
            return
        for system in evaluation.systems:
            if system.toml:
                _put(self.folder / "systems" / _system_file(system.name), system.toml)
        _put(self.folder / "evaluation.json", orjson.dumps(asdict(evaluation), option=orjson.OPT_INDENT_2).decode())
        _put(self.folder / "report.md", report.markdown(evaluation))
        _put(self.folder / "report.html", report.html(evaluation))

    def finish(self, evaluation: Evaluation) -> None:
        """Show it, and write it: neither is lost where the other fails."""
        try:
            showing.show(evaluation, as_json=self.as_json)
        finally:
            self.write(evaluation)
        if self.folder is not None:
            made = sum(bool(system.toml) for system in evaluation.systems)
            told = f"{made} runs, " if made else ""
            click.echo(f"Wrote {self.folder}: {told}evaluation.json, report.md and report.html.", err=True)
            _tell_of_others(self.folder, [system.name for system in evaluation.systems])


def results_to(folder: Path | None, *, as_json: bool) -> Results:
    """A place for results; what cannot be written is told now, before hours of work.

    Raises:
        OSError: the folder cannot be made, or not be written to.
        MissingExtra: what writes reports is not installed.
    """
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        atomic.require_writable(folder)
        report.require()
    return Results(folder=folder, as_json=as_json)


def _tell_of_others(folder: Path, names: Sequence[str]) -> None:
    """Name the runs and systems that an earlier evaluation left there: they may be changed files of the user's."""
    ours = {*map(_run_file, names), *map(_system_file, names)}
    there = sorted([*folder.glob("runs/*.run"), *folder.glob("systems/*.toml")])
    others = [str(path.relative_to(folder)) for path in there if path.name not in ours]
    if others:
        click.echo(f"Of an earlier evaluation, and not of this one: {', '.join(others)}.", err=True)


def _run_file(name: str) -> str:
    return f"{name}.run"


def _system_file(name: str) -> str:
    return f"{name}.toml"


def _trec(outcome: Outcome) -> str:
    tag = outcome.system.name
    return "".join(f"{line}\n" for topic, hits in outcome.run.items() for line in runs.lines(topic, hits, tag))


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic.writing(path) as partial:
        partial.write_text(text, encoding="utf-8")
