"""Show an evaluation: narrow tables for a terminal, JSON for programs. Reports in files tell more."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from search.cli.options import print_json
from search.display import printable
from search.evaluation.evaluation import Evaluation
from search.evaluation.report.numbers import ms, p, part, percent, score, signed
from search.evaluation.report.tables import caption, stages_of_loss, sweep_rows

_WIDTH = 120
"""Characters a line, where the output is no terminal that has a width of its own."""


def show(evaluation: Evaluation, *, as_json: bool) -> None:
    """Print it on stdout."""
    if as_json:
        print_json(asdict(evaluation))
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH)
    for line in _opening(evaluation):
        console.print(Text(printable(line)), soft_wrap=True)
    for title, table in _tables(evaluation):
        console.print(Text(f"\n{title}", style="bold"))
        console.print(table)
    for line in _worst(evaluation):
        console.print(Text(line), soft_wrap=True)
    said = [f"{system.name}: {note}" for system in evaluation.systems for note in system.notes]
    for line in (*evaluation.notes, *said):
        console.print(Text(printable(line), style="yellow"), soft_wrap=True)


def _opening(evaluation: Evaluation) -> Iterator[str]:
    yield f"{evaluation.task}: {evaluation.topics:,} {evaluation.unit}. {' '.join(evaluation.conventions)}"
    if evaluation.source:
        yield f"Judgements: {evaluation.source}."
    if (found := evaluation.coverage) is not None:
        yield (
            f"The index holds {found.held:,} of {found.judged:,} judged articles "
            f"({percent(found.held, found.judged)}), {found.relevant_held:,} of {found.relevant:,} relevant ones."
        )


def _tables(evaluation: Evaluation) -> Iterator[tuple[str, Table]]:
    """Each table with the line above it."""
    yield caption(evaluation), _systems(evaluation)
    if evaluation.contrasts:
        yield f"Against {evaluation.baseline}", _contrasts(evaluation)
    if evaluation.lost:
        yield "Relevant articles, by what became of them (top 10)", _lost(evaluation)
    if evaluation.sweep:
        yield "By the number of candidates", _sweep(evaluation)


def _systems(evaluation: Evaluation) -> Table:
    is_timed = any(system.speed for system in evaluation.systems)
    timed = ("median ms", "p95 ms") if is_timed else ()
    rows = [
        (
            system.name,
            *(score(system.means[measure]) for measure in evaluation.measures),
            f"{system.topics:,}",
            *((ms(system.speed.median), ms(system.speed.p95)) if system.speed else ("",) * len(timed)),
        )
        for system in evaluation.systems
    ]
    return _table(("system", *evaluation.measures, evaluation.unit, *timed), rows)


def _contrasts(evaluation: Evaluation) -> Table:
    rows = [
        (
            one.system,
            one.measure,
            signed(one.difference),
            f"{signed(one.low)} … {signed(one.high)}",
            p(one.p),
            p(one.p_holm),
            f"{one.wins:,}/{one.losses:,}/{one.ties:,}",
        )
        for one in evaluation.contrasts
    ]
    columns = ("system", "measure", "difference", "95% interval", "p", "p (Holm)", "won/lost/tied")
    return _table(columns, rows, words=2)


def _lost(evaluation: Evaluation) -> Table:
    rows = [
        (stage, *(part(one.stages.get(stage, 0), one.relevant) for one in evaluation.lost))
        for stage in stages_of_loss(evaluation)
    ]
    columns = ("stage", *(one.system for one in evaluation.lost))
    return _table(columns, rows)


def _sweep(evaluation: Evaluation) -> Table:
    columns = ("system", "depth", *evaluation.measures, "R@depth", "median ms", "p95 ms")
    return _table(columns, sweep_rows(evaluation))


def _worst(evaluation: Evaluation) -> Iterator[str]:
    if evaluation.worst:
        yield ""
        yield f"Largest losses against {evaluation.baseline} in {evaluation.worst[0].measure}:"
    for one in evaluation.worst:
        scores = f"{score(one.baseline_score)} → {score(one.score)}"
        yield printable(f"  {one.system}, topic {one.topic}: {scores}  {one.query}".rstrip())


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> Table:
    """The first `words` columns from the left are words; the others are numbers."""
    drawn = Table(box=SIMPLE_HEAD, show_edge=False)
    for at, column in enumerate(columns):
        drawn.add_column(column, justify="left" if at < words else "right", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(printable(cell)) for cell in row))
    return drawn
