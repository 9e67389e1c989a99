"""Show and write what tuning found."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from search import atomic
from search.evaluation import system as systems
from search.evaluation.system import System
from search.evaluation.tuning.choosing import Tuned


def show(found: Tuned, out: Path | None) -> None:
    """Print it on stdout."""
    console = Console(highlight=False, width=None if Console().is_terminal else 120)
    console.print(
        f"{found.task}: {found.base.name} with {found.tried:,} settings, {found.measure} over {found.topics:,} topics."
    )
    table = Table("held out", "chosen on the others", found.measure, "as it was", box=SIMPLE_HEAD)
    for fold in found.folds:
        table.add_row(f"{fold.topics:,} topics", said(fold.chosen), f"{fold.score:.4f}", f"{fold.base_score:.4f}")
    console.print(table)
    best = Table(
        "best settings by all topics" + ("" if found.base.rerank == "none" else ", before re-ranking"),
        found.measure,
        box=SIMPLE_HEAD,
    )
    for one, mean in found.ranked[:5]:
        best.add_row(said(one), f"{mean:.4f}")
    console.print(best)
    low, high = found.interval
    console.print(f"As it was: {found.base_mean:.4f} ({said(found.base)}).")
    console.print(f"Best on all topics: {found.best_mean:.4f} ({said(found.best)}), which choosing by them flatters.")
    console.print(
        f"Gain on topics held out: {found.gain:+.4f}, 95 % interval {low:+.4f} to {high:+.4f}, p {found.p:.2g}."
    )
    if found.is_better:
        console.print(f"The gain is more than its interval: use {said(found.best)}.")
    else:
        console.print("The gain is not more than its interval: keep the system as it was.")
    if out is not None and found.is_better:
        console.print(f"Wrote {out}: try it with `biocpt eval TASK --systems {found.base.name},{out}`.", soft_wrap=True)
    elif out is not None:
        console.print(f"Wrote {out}: the system as it was.", soft_wrap=True)


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
