"""The plots of a report, each drawn from an evaluation into one `<svg>`; "" without data. Add one here."""

import re
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from search.evaluation.evaluation import Evaluation, SystemResult
from search.evaluation.losses import FOUND
from search.evaluation.report.drawing import INK, PAPER, Look, canvas, look, spread, svg
from search.evaluation.report.tables import stages_of_loss

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH = 7.0
_RECALL = re.compile(r"R@(\d+)")
_EQUAL = 1e-9
"""Differences below this are ties, as they are in `search.evaluation.comparison`."""

_LABEL = 24
"""Characters of a name that a label shows; longer ones are cut in plots alone."""


def quality_against_latency(evaluation: Evaluation) -> str:
    """One point a system, labelled: its mean in the first measure over its median seconds, with a line to the p95."""
    measure = evaluation.measures[0]
    timed = [
        (look(at), system, system.speed) for at, system in enumerate(evaluation.systems) if system.speed is not None
    ]
    if not timed:
        return ""
    times = [1000 * time for _, _, speed in timed for time in (speed.median, speed.p95)]
    with canvas(_WIDTH, 3.8) as figure:
        axes = figure.subplots()
        for style, system, speed in timed:
            x, y = 1000 * speed.median, system.means[measure]
            axes.plot([x, 1000 * speed.p95], [y, y], color=style.colour, marker="|", markevery=[1], linewidth=1.5)
            axes.plot([x], [y], marker=style.marker, markersize=9, color=style.colour, markeredgecolor=PAPER)
        _scale(axes, times)
        axes.set_xlabel("milliseconds a topic: median to 95th percentile")
        axes.set_ylabel(measure)
        _room(axes, [system.means[measure] for _, system, _ in timed])
        _name_at_the_right(
            axes, [(style, system.name, 1000 * s.p95, system.means[measure]) for style, system, s in timed]
        )
        told = "; ".join(f"{r.name}: {r.means[measure]:.4f} in {1000 * s.median:.1f} ms" for _, r, s in timed)
        return svg(figure, name="latency", title=f"{measure} against latency", description=f"{told}.")


def recall_against_depth(evaluation: Evaluation) -> str:
    """One line a system: the part of the relevant articles among more and more candidates, from the sweep.

    Without a sweep it is drawn from the measures `R@k`, where there are two or more of them.
    """
    curves = [(look(at), system.name, _recall(evaluation, system)) for at, system in enumerate(evaluation.systems)]
    curves = [curve for curve in curves if len(curve[2]) > 1]
    if not curves:
        return ""
    with canvas(_WIDTH, 3.8) as figure:
        axes = figure.subplots()
        for style, _, points in curves:
            looks: dict[str, Any] = {"color": style.colour, "linestyle": style.line, "marker": style.marker}
            axes.plot(*zip(*points, strict=True), markersize=5, **looks)
        _scale(axes, [depth for _, _, points in curves for depth, _ in points])
        axes.set_xlabel("candidates of each list" if evaluation.sweep else "k, the first articles that count")
        axes.set_ylabel("recall among the candidates" if evaluation.sweep else "R@k")
        _room(axes, [recall for _, _, points in curves for _, recall in points])
        _name_at_the_right(axes, [(style, name, *points[-1]) for style, name, points in curves])
        told = "; ".join(
            f"{name}: " + ", ".join(f"{recall:.4f} at {depth}" for depth, recall in points)
            for _, name, points in curves
        )
        return svg(figure, name="recall", title="Recall against depth", description=f"{told}.")


def differences(evaluation: Evaluation) -> str:
    """One panel a system: each topic's difference to the baseline, best first, as bars above and below zero."""
    measure = evaluation.measures[0]
    base = next((system for system in evaluation.systems if system.name == evaluation.baseline), None)
    panels = [] if base is None else _differences(evaluation.systems, base, measure)
    if not panels:
        return ""
    columns = min(len(panels), 2)
    rows = -(-len(panels) // columns)
    with canvas(_WIDTH, 0.6 + 1.9 * rows) as figure:
        grid = figure.subplots(rows, columns, sharey=True, squeeze=False, gridspec_kw={"wspace": 0.08})
        for axes, (name, values) in zip(grid.flat, panels, strict=False):
            _bars(axes, values)
            axes.set_title(_cut(name), fontsize=10, loc="left")
        for axes in grid.flat[len(panels) :]:
            axes.set_visible(False)
        figure.supylabel(f"{measure} minus {_cut(evaluation.baseline)}", fontsize=10)
        figure.supxlabel("topics, the largest gain first", fontsize=10)
        told = "; ".join(f"{name}: {_balance(values)}" for name, values in panels)
        title = f"Differences to {evaluation.baseline} by topic, in {measure}"
        return svg(figure, name="differences", title=title, description=f"{told}.")


def where_it_was_lost(evaluation: Evaluation) -> str:
    """One bar a system: its relevant articles by the stage that lost them, in parts of all."""
    lost = [one for one in evaluation.lost if one.relevant > 0]
    if not lost:
        return ""
    stages = sorted(stages_of_loss(evaluation), key=lambda stage: stage not in FOUND)  # what was found comes first
    with canvas(_WIDTH, 1.3 + 0.45 * len(lost) + 0.22 * -(-len(stages) // 2)) as figure:
        axes = figure.subplots()
        shares = [[100 * one.stages.get(stage, 0) / one.relevant for stage in stages] for one in lost]
        starts = [[0.0, *accumulate(row)] for row in shares]
        for at, (stage, style) in enumerate(zip(stages, _stage_looks(stages), strict=True)):
            widths = [row[at] for row in shares]
            bars: dict[str, Any] = {"color": style.colour, "edgecolor": PAPER, "hatch": style.hatch, "height": 0.7}
            axes.barh(range(len(lost)), widths, left=[row[at] for row in starts], label=stage, **bars)
        axes.set_yticks(range(len(lost)), [_cut(one.system) for one in lost])
        axes.invert_yaxis()
        axes.set_xlim(0, 100)
        axes.grid(visible=False, axis="y")
        axes.set_xlabel("% of the articles judged relevant")
        figure.legend(loc="outside lower left", ncols=2, frameon=False, fontsize=9)
        told = "; ".join(
            f"{one.system}: " + ", ".join(f"{count} {stage}" for stage, count in one.stages.items()) for one in lost
        )
        return svg(figure, name="lost", title="Where relevant articles were lost", description=f"{told}.")


def _stage_looks(stages: Sequence[str]) -> list[Look]:
    """What was found is blue; each stage that loses has a colour of its own, and all have their hatching."""
    found = sum(stage in FOUND for stage in stages)
    blues = [look(at)._replace(colour=look(0).colour) for at in range(found)]
    return blues + [look(at + 1) if at < 7 else look(0)._replace(colour=INK) for at in range(len(stages) - found)]


def _recall(evaluation: Evaluation, system: SystemResult) -> list[tuple[int, float]]:
    if evaluation.sweep:
        return sorted((point.depth, point.recall) for point in evaluation.sweep if point.system == system.name)
    measured = ((_RECALL.fullmatch(measure), mean) for measure, mean in system.means.items())
    return sorted((int(found[1]), mean) for found, mean in measured if found)


def _differences(
    systems: Sequence[SystemResult], base: SystemResult, measure: str
) -> list[tuple[str, tuple[float, ...]]]:
    ours = base.scores[measure]
    panels = [
        (
            system.name,
            tuple(sorted((v - ours[t] for t, v in system.scores[measure].items() if t in ours), reverse=True)),
        )
        for system in systems
        if system.name != base.name
    ]
    return [panel for panel in panels if panel[1]]


def _bars(axes: "Axes", values: Sequence[float]) -> None:
    """All bars of a sign are one shape, so that a thousand topics weigh no more than five."""
    from matplotlib.ticker import MaxNLocator

    edges = range(len(values) + 1)
    gains, losses = look(0), look(1)
    axes.stairs([max(v, 0.0) for v in values], edges, fill=True, color=gains.colour, linewidth=0)
    axes.stairs([min(v, 0.0) for v in values], edges, fill=True, color=losses.colour, linewidth=0)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.set_xlim(0, max(len(values), 1))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.text(0.98, 0.95, _balance(values), transform=axes.transAxes, ha="right", va="top", fontsize=8)


def _balance(values: Sequence[float]) -> str:
    better, worse = sum(v > _EQUAL for v in values), sum(v < -_EQUAL for v in values)
    return f"{better} better, {worse} worse, {len(values) - better - worse} equal"


def _scale(axes: "Axes", values: Sequence[float]) -> None:
    """Plain numbers below the axis; by factors where they differ by more than five times."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    factor = max(values) / min(values) if min(values) > 0 else 1
    if factor > 5:
        axes.set_xscale("log")
        subs = (1, 2, 3, 5, 7) if factor < 20 else (1, 2, 5) if factor < 2000 else (1,)
        axes.xaxis.set_major_locator(LogLocator(subs=subs))
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_xlim(0, 1.1 * max(values) or 1)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))


def _room(axes: "Axes", values: Sequence[float]) -> None:
    """Limits around the values, at least a tenth apart, so that noise does not look like a landslide; 1 is the end."""
    low, high = min(values), max(values)
    half = max(0.65 * (high - low), 0.05)
    bottom, top = (high + low) / 2 - half, (high + low) / 2 + half
    if high <= 1 < top:
        bottom, top = bottom - (top - 1), 1 + half / 20
    axes.set_ylim(bottom, top)


def _name_at_the_right(axes: "Axes", ends: Sequence[tuple[Look, str, float, float]]) -> None:
    """Write each series' name beside the plot, level with its end where there is room, and a thin line to it."""
    low, high = axes.get_ylim()
    places = spread([y for *_, y in ends], gap=(high - low) / 14, low=low, high=high)
    for (style, name, x, y), place in zip(ends, places, strict=True):
        axes.annotate(
            _cut(name),
            xy=(x, y),
            xytext=(1.03, (place - low) / (high - low)),
            textcoords="axes fraction",
            va="center",
            color=INK,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": style.colour,
                "linewidth": 0.8,
                "linestyle": ":",
                "shrinkB": 5,
                "relpos": (0, 0.5),
            },
        )


def _cut(name: str) -> str:
    return name if len(name) <= _LABEL else name[: _LABEL - 1] + "…"
