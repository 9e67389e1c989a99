"""Show and write what tuning found."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from search import atomic
from search.display import printable
from search.evaluation import system as systems
from search.evaluation.system import System
from search.evaluation.tuning.choosing import LEVEL, Tuned


def show(found: Tuned) -> None:
    """Print it on stdout."""
    console = Console(highlight=False, width=None if Console().is_terminal else 120)
    _say(
        console,
        f"{found.task}: {found.base.name} with {found.tried:,} settings, {found.measure} over {found.topics:,} topics.",
    )
    console.print(_folds(found))
    console.print(_ranked(found))
    low, high = found.interval
    _say(console, f"As it was: {found.base_mean:.4f} ({said(found.base)}).")
    _say(console, f"Best on all topics: {found.best_mean:.4f} ({said(found.best)}), which choosing by them flatters.")
    if found.at_edge:
        _say(console, f"At the edge of what was tried: {', '.join(found.at_edge)}; beyond may be better still.")
    _say(
        console,
        f"Gain on topics held out: {found.gain:+.4f}, 95 % interval {low:+.4f} to {high:+.4f}, p {found.p:.2g}.",
    )
    _say(console, _verdict(found))


def _say(console: Console, line: str) -> None:
    console.print(Text(printable(line)), soft_wrap=True)


def _verdict(found: Tuned) -> str:
    if found.is_better:
        return f"The gain is more than chance: use {said(found.best)}."
    if found.interval.low > 0:
        return f"Choosing gains as much by chance (p not below {LEVEL:g}): keep the system as it was."
    return "The gain is not more than its interval: keep the system as it was."


def _folds(found: Tuned) -> Table:
    table = Table("held out", "chosen on the others", escape(printable(found.measure)), "as it was", box=SIMPLE_HEAD)
    for fold in found.folds:
        table.add_row(f"{fold.topics:,} topics", Text(said(fold.chosen)), f"{fold.score:.4f}", f"{fold.base_score:.4f}")
    return table


def _ranked(found: Tuned) -> Table:
    title = "best settings by all topics" + ("" if found.base.rerank == "none" else ", before re-ranking")
    table = Table(title, escape(printable(found.measure)), box=SIMPLE_HEAD)
    for one, mean in found.ranked[:5]:
        table.add_row(Text(said(one)), f"{mean:.4f}")
    return table


def written(found: Tuned, out: Path) -> str:
    """A line on the file with the system to use."""
    if found.is_better:
        return printable(f"Wrote {out}: try it with `biocpt eval TASK --systems {found.base.name},{out}`.")
    return printable(f"Wrote {out}: the system as it was.")


def as_json(found: Tuned) -> dict[str, Any]:
    """The same as plain data; a system is its TOML."""
    return {
        "task": found.task,
        "measure": found.measure,
        "topics": found.topics,
        "tried": found.tried,
        "base": systems.write(found.base),
        "best": systems.write(_renamed(found)),
        "base_mean": found.base_mean,
        "best_mean": found.best_mean,
        "gain": found.gain,
        "interval": list(found.interval),
        "p": found.p,
        "is_better": found.is_better,
        "at_edge": list(found.at_edge),
        "folds": [
            {"topics": fold.topics, "chosen": said(fold.chosen), "score": fold.score, "base_score": fold.base_score}
            for fold in found.folds
        ],
        "ranked": [{"setting": said(one), "mean": mean} for one, mean in found.ranked],
    }


def write(found: Tuned, path: Path) -> None:
    """The system to use as TOML, in one piece."""
    with atomic.writing(path) as partial:
        partial.write_text(systems.write(_renamed(found)), encoding="utf-8")


def said(system: System) -> str:
    """The settings that tuning varies: `interpolate, dense weight 0.5, depth 200`."""
    request = system.request
    parts = []
    if request.mode == "hybrid":
        constant = f" k {request.rrf_k}" if request.fusion == "rrf" else ""
        parts += [f"{request.fusion}{constant}", f"dense weight {request.dense_weight:g}", f"depth {request.depth:,}"]
    parts += [f"{name} {boost:g}" for name, boost in request.boosts]
    if system.rerank != "none":
        mix = "usual" if request.rerank_mix is None else f"{request.rerank_mix:g}"
        parts.append(f"{system.rerank} weighs {mix}")
    return ", ".join(parts) or request.mode


def _renamed(found: Tuned) -> System:
    """What is to be used has a name of its own where it differs."""
    return replace(found.best, name=f"{found.base.name}-tuned") if found.is_better else found.base
