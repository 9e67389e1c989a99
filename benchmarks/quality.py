"""Ranking quality beside references, gathered from what `biocpt eval … --out FOLDER` wrote.

    biocpt eval scifact --split test --index scifact.idx --out build/quality/scifact
    python benchmarks/quality.py "folder=build/quality/scifact" "OpenSearch 3.6.0=build/quality/scifact-cluster"

Each argument names where a task ran, and the folder with its evaluation.json. A task that ran there before is replaced;
the others stay. Questions and titles are left behind: only measures, times and how to do it again are kept.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import commandline
from benchmarks.environments import NotRun
from benchmarks.report import Claim, Report, Table, load
from benchmarks.timing import Spread

FOLDER = "folder"
REFERENCES: dict[tuple[str, str, str, str], tuple[float, float, str]] = {
    ("scifact/test", FOLDER, "lexical", "nDCG@10"): (0.679, 0.015, "bm25s, k1 1.2, b .75"),
    ("scifact/test", FOLDER, "dense", "nDCG@10"): (0.643, 0.005, "sentence-transformers, exact search"),
    ("scifact/test", FOLDER, "dense", "R@100"): (0.925, 0.005, "sentence-transformers, exact search"),
}
"""(task, where, system, measure) → value, how far ours may lie from it, and who measured it."""

Ran = Mapping[str, Any]


def distilled(where: str, evaluation: Ran) -> dict[str, Any]:
    """What is kept of an evaluation: no text of topics or articles, and no path of this machine."""
    systems = {
        system["name"]: {
            "means": system["means"],
            "topics": system["topics"],
            "median_ms": 1000 * system["speed"]["median"] if system["speed"] else None,
        }
        for system in evaluation["systems"]
    }
    facts = evaluation["facts"]
    return {
        "task": evaluation["task"],
        "where": where,
        "source": evaluation["source"],
        "command": without_paths(facts.get("command", "")),
        "vectors": facts.get("vectors", ""),
        "date": facts.get("date", ""),
        "systems": systems,
    }


def without_paths(command: str) -> str:
    """The command with the last part of each absolute path, and without where its reports went."""
    return re.sub(r"(?<!\S)/\S*/(?=\S)", "", re.sub(r" --out \S+", "", command))


def found(runs: Sequence[Ran]) -> Report:
    """A table a task, and a claim for each figure that a reference exists for."""
    tasks = list(dict.fromkeys(run["task"] for run in runs))
    return Report(
        name="quality",
        work={"tasks": len(tasks)},
        claims=tuple(claim for run in runs for claim in claims(run)),
        tables=tuple(table(task, [run for run in runs if run["task"] == task]) for task in tasks),
        notes=tuple(f"{run['task']}, {run['where']}: `{run['command']}`; {run['source']}." for run in runs),
        figures={"runs": list(runs)},
    )


def claims(run: Ran) -> list[Claim]:
    return [
        Claim(
            claim=f"{run['task']} {measure}, {system}, {run['where']}",
            ours=Spread.alone(figures["means"][measure]),
            beside=source,
            theirs=Spread.alone(value),
            bar=within,
            bar_on="distance",
        )
        for system, figures in run["systems"].items()
        for measure in figures["means"]
        for value, within, source in [REFERENCES.get((run["task"], run["where"], system, measure), (0, 0, ""))]
        if source
    ]


def table(task: str, runs: Sequence[Ran]) -> Table:
    """A row a system and place."""
    each = [(run["where"], name, figures) for run in runs for name, figures in run["systems"].items()]
    measures = list(dict.fromkeys(measure for *_, figures in each for measure in figures["means"]))
    rows = tuple(
        (
            where,
            name,
            *(figures["means"].get(measure) for measure in measures),
            figures["topics"],
            figures["median_ms"],
        )
        for where, name, figures in each
    )
    return Table(title=task, columns=("where", "system", *measures, "topics", "median ms"), rows=rows)


def measure(options: argparse.Namespace) -> Report:
    new = []
    for pair in options.evaluations:
        where, sign, folder = pair.partition("=")
        path = Path(folder) / "evaluation.json"
        if not sign or not path.is_file():
            raise NotRun(f"{pair!r} is not WHERE=FOLDER with an evaluation.json in the folder")
        new.append(distilled(where, json.loads(path.read_text(encoding="utf-8"))))
    kept = options.out or commandline.place("quality", options.quick)
    old = load(kept).figures["runs"] if kept.is_file() else []
    replaced = {(run["task"], run["where"]) for run in new}
    return found([*(run for run in old if (run["task"], run["where"]) not in replaced), *new])


def main() -> int:
    asked = commandline.parser(__doc__, rounds=1)
    asked.add_argument("evaluations", nargs="+", metavar="WHERE=FOLDER")
    return commandline.run("quality", asked, measure)


if __name__ == "__main__":
    sys.exit(main())
