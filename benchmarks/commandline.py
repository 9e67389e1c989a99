"""The options that all benchmarks share, and how each ends: figures saved, a table printed, 1 where a bar is missed."""

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from benchmarks import environments, machine, results
from benchmarks.report import Report, save
from onnx_models import default_home

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
WORK = ROOT / "build" / "benchmarks"
"""What benchmarks make and keep for the next run; a quick run's figures go to its folder `quick`."""
MISSED, MISSING = 1, 3
"""Exit statuses: a bar is missed; something that the benchmark needs is not there."""

Measure = Callable[[argparse.Namespace], Report]


def parser(description: str | None, *, rounds: int) -> argparse.ArgumentParser:
    """A parser with the options of all benchmarks."""
    found = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    data, home = os.environ.get("BIOCPT_DATA") or None, os.environ.get("BIOCPT_HOME")
    found.add_argument("--data", type=Path, default=data, help="the folder of real articles [default: $BIOCPT_DATA]")
    found.add_argument("--home", type=Path, default=home or default_home(), help="where models are installed")
    found.add_argument(
        "--peer",
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help=f"an interpreter that has a peer, instead of an environment made for it: {', '.join(environments.PINS)}",
    )
    found.add_argument("--rounds", type=int, default=rounds, help=f"how often each takes its turn [default: {rounds}]")
    found.add_argument("--out", type=Path, help="where the figures go [default: benchmarks/results/NAME.json]")
    found.add_argument("--quick", action="store_true", help="less of everything; figures go to build/benchmarks/quick")
    return found


def run(name: str, asked: argparse.ArgumentParser, measure: Measure) -> int:
    """Parse, measure and save; the exit status."""
    options = asked.parse_args()
    os.environ.setdefault("LANCE_LOG", "error")  # it warns of each empty partition
    try:
        options.peers = environments.given(options.peer)
        report = measure(options)
    except (environments.NotRun, ValueError) as error:
        print(f"{name}: not run: {error}", file=sys.stderr)
        return MISSING
    return finish(replace(report, is_quick=options.quick), options.out or place(name, options.quick))


def place(name: str, is_quick: bool) -> Path:
    """Where a benchmark's figures go."""
    return (WORK / "quick" if is_quick else RESULTS) / f"{name}.json"


def finish(report: Report, out: Path) -> int:
    """Save, print, and the exit status; a quick run judges nothing."""
    report = replace(report, machine=machine.facts(date.today()))
    save(report, out)
    print("\n".join(results.of_report(report)))
    missed = [] if report.is_quick else report.missed
    for claim in missed:
        print(f"MISSED: {claim.claim}: {results.bar(claim).strip('*')}", file=sys.stderr)
    return MISSED if missed else 0


def data(options: argparse.Namespace, *needed: str) -> Path:
    """The folder of real articles.

    Raises:
        NotRun: nobody named it, or it lacks what is needed.
    """
    if options.data is None:
        raise environments.NotRun("it needs real articles: name their folder by --data or BIOCPT_DATA")
    for name in needed:
        if not (Path(options.data) / name).exists():
            raise environments.NotRun(f"--data has no {name}")
    return Path(options.data)
