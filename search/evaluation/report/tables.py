"""The tables of a report as rows of text, the same for every format."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from search.evaluation.evaluation import Contrast, Evaluation, Ranked, SystemResult, WorstTopic
from search.evaluation.losses import STAGES
from search.evaluation.report.numbers import ms, p, part, score, signed

_MEANINGS = {str(stage): meaning for stage, meaning in STAGES.items()}

COMMAND = "command"
"""The fact that is to be typed again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of text below a header; every row is as long as `columns`."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text: int = 1
    """How many columns from the left are words; the others are numbers. The first names its row."""


def caption(evaluation: Evaluation) -> str:
    """What the figures of systems are."""
    return "Means over topics" if evaluation.unit == "topics" else "Correlation over pairs"


def systems(evaluation: Evaluation) -> Table:
    """Each system's means and time a topic, with the baseline marked."""
    timed = any(system.speed for system in evaluation.systems)
    return Table(
        caption=caption(evaluation)
        + (", and wall milliseconds a topic asked alone (median, 95th percentile)" if timed else ""),
        columns=(
            "System",
            *evaluation.measures,
            evaluation.unit.capitalize(),
            *(("Median ms", "p95 ms") if timed else ()),
        ),
        rows=tuple(
            (
                system.name + (" (baseline)" if system.name == evaluation.baseline else ""),
                *(score(system.means[measure]) for measure in evaluation.measures),
                f"{system.topics:,}",
                *(_times(system) if timed else ()),
            )
            for system in evaluation.systems
        ),
    )


def contrasts(evaluation: Evaluation) -> Table | None:
    """Each system against the baseline; None where there is but one."""
    if not evaluation.contrasts:
        return None
    return Table(
        caption=f"Difference to {evaluation.baseline}, with its 95% bootstrap interval; "
        "p of the paired randomisation test, as it is and after Holm’s correction",
        columns=("System", "Measure", "Difference", "95% low", "95% high", "p", "p (Holm)", "Wins", "Losses", "Ties"),
        rows=tuple(_contrast(one) for one in evaluation.contrasts),
        text=2,
    )


def stages(evaluation: Evaluation) -> Table | None:
    """Mean time of each stage; None where nothing was timed."""
    timed = [(system.name, system.speed) for system in evaluation.systems if system.speed is not None]
    longest = max((list(speed.stages) for _, speed in timed), key=len, default=[])
    names = tuple(dict.fromkeys([*longest, *(stage for _, speed in timed for stage in speed.stages)]))
    if not names:
        return None
    return Table(
        caption="Mean milliseconds a topic by stage",
        columns=("System", *names),
        rows=tuple(
            (name, *(ms(speed.stages[stage]) if stage in speed.stages else "–" for stage in names))
            for name, speed in timed
        ),
    )


def stages_of_loss(evaluation: Evaluation) -> list[str]:
    """The stages that any relevant article ended in, in the order of a search."""
    return [stage for stage in STAGES if any(one.stages.get(stage) for one in evaluation.lost)]


def lost(evaluation: Evaluation) -> Table | None:
    """The relevant articles of each system by stage, with their part of all; None where stages are not known."""
    if not evaluation.lost:
        return None
    total = ("All judged relevant", "", *(f"{one.relevant:,}" for one in evaluation.lost))
    return Table(
        caption="Articles judged relevant, by what became of them",
        columns=("Stage", "What it means", *(one.system for one in evaluation.lost)),
        rows=(
            *(
                (
                    stage,
                    _MEANINGS.get(stage, ""),
                    *(part(one.stages.get(stage, 0), one.relevant) for one in evaluation.lost),
                )
                for stage in stages_of_loss(evaluation)
            ),
            total,
        ),
        text=2,
    )


def lost_by_topic(evaluation: Evaluation) -> list[Table]:
    """A table a system: the articles that each stage lost, by topic."""
    return [
        Table(
            caption=one.system,
            columns=("Topic", "Question", "Stage", "Articles"),
            rows=tuple(
                (topic, evaluation.queries.get(topic, ""), stage, " ".join(ids))
                for topic, found in one.topics.items()
                for stage, ids in found.items()
            ),
            text=4,
        )
        for one in evaluation.lost
        if one.topics
    ]


def sweep_rows(evaluation: Evaluation) -> tuple[tuple[str, ...], ...]:
    """System, number of candidates, each measure, recall among the candidates, median and p95 of the milliseconds."""
    return tuple(
        (
            point.system,
            f"{point.depth:,}",
            *(score(point.means[measure]) if measure in point.means else "–" for measure in evaluation.measures),
            score(point.recall),
            ms(point.median),
            ms(point.p95),
        )
        for point in evaluation.sweep
    )


def sweep(evaluation: Evaluation) -> Table | None:
    """Each system at each number of candidates; None where that was not asked."""
    if not evaluation.sweep:
        return None
    return Table(
        caption="By number of candidates (depth): means, recall among the candidates, and milliseconds a topic",
        columns=("System", "Depth", *evaluation.measures, "Recall at depth", "Median ms", "p95 ms"),
        rows=sweep_rows(evaluation),
    )


def coverage(evaluation: Evaluation) -> Table | None:
    """How many judged articles the index holds; None where no index was asked."""
    if (found := evaluation.coverage) is None:
        return None
    return Table(
        caption="How many of the judged articles the index holds",
        columns=("Articles", "Judged", "In the index"),
        rows=(
            ("All that were judged", f"{found.judged:,}", part(found.held, found.judged)),
            ("Those judged relevant", f"{found.relevant:,}", part(found.relevant_held, found.relevant)),
        ),
    )


def top_tens(worst: WorstTopic) -> Table:
    """Both rankings of one topic side by side; what is relevant has a tick."""
    length = max(len(worst.top), len(worst.baseline_top))
    return Table(
        caption=f"The first {length} of both systems",
        columns=(
            "Rank",
            f"{worst.baseline} ({worst.measure} {score(worst.baseline_score)})",
            f"{worst.system} ({worst.measure} {score(worst.score)})",
        ),
        rows=tuple((str(at + 1), _place(worst.baseline_top, at), _place(worst.top, at)) for at in range(length)),
        text=3,
    )


def about(evaluation: Evaluation) -> list[tuple[str, str]]:
    """What was measured, as pairs of a word and its value."""
    rows = [
        ("Task", evaluation.task),
        ("Split", evaluation.split or "not told"),
        ("Source and licence", evaluation.source or "not told"),
        ("Topics asked" if evaluation.unit == "topics" else "Pairs compared", f"{evaluation.topics:,}"),
        ("Baseline", evaluation.baseline),
    ]
    return [row for row in rows if row[1]]


def facts(evaluation: Evaluation) -> Table | None:
    """Versions, index, model and machine: all facts but the command, which is shown by itself."""
    rows = tuple((word, value) for word, value in evaluation.facts.items() if word != COMMAND)
    return Table(caption="What it was run with", columns=("What", "Value"), rows=rows, text=2) if rows else None


def _contrast(one: Contrast) -> tuple[str, ...]:
    return (
        one.system,
        one.measure,
        signed(one.difference),
        signed(one.low),
        signed(one.high),
        p(one.p),
        p(one.p_holm),
        *(f"{count:,}" for count in (one.wins, one.losses, one.ties)),
    )


def _times(system: SystemResult) -> Iterable[str]:
    return ("–", "–") if system.speed is None else (ms(system.speed.median), ms(system.speed.p95))


def _place(top: Sequence[Ranked], at: int) -> str:
    if at >= len(top):
        return ""
    one = top[at]
    grade = "not judged" if one.grade is None else f"grade {one.grade}"
    mark = "✓ " if one.grade is not None and one.grade > 0 else ""
    return f"{mark}{one.id} [{grade}] {one.title}".rstrip()
