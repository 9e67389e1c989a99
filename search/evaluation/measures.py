"""How good a run is: measures by topic with BEIR's conventions, and correlations for pairs of sentences."""

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np

from indexer.queries import Hit
from onnx_models.errors import MissingExtra
from search.errors import BadRun, NoCorrelation, NothingJudged, UnknownMeasure
from search.evaluation.runs import Run
from search.evaluation.task import Grades, Qrels

Scores: TypeAlias = Mapping[str, Mapping[str, float]]
"""Measure, as it was named → topic id → value; each measure has the same topics, in the order of the judgements."""

LOWEST_GRADE: Final = -1
"""Lower ones are measured as this one, which means the same: trec_eval writes outside its memory for some of them."""

MAX_CUTOFF: Final = 1_000_000
"""Of a measure; no list is longer, and far above it trec_eval's own numbers overflow."""


class TopicMatch(NamedTuple):
    """Which topics a run and judgements share; ids in the order of their files."""

    both: tuple[str, ...]
    """In both: what means are taken over."""
    unanswered: tuple[str, ...]
    """Judged, but not in the run: left out, or 0 with `complete`."""
    unjudged: tuple[str, ...]
    """In the run without judgements: always left out."""
    without_relevant: tuple[str, ...]
    """Judged, but no article is relevant: 0 by nearly every measure. They count, as with trec_eval."""


def match_topics(run: Run, qrels: Qrels) -> TopicMatch:
    """Which topics are in both, in one alone, or cannot be answered."""
    return TopicMatch(
        both=tuple(topic for topic in qrels if topic in run),
        unanswered=tuple(topic for topic in qrels if topic not in run),
        unjudged=tuple(topic for topic in run if topic not in qrels),
        without_relevant=tuple(topic for topic, grades in qrels.items() if max(grades.values(), default=0) <= 0),
    )


def check(measures: Sequence[str]) -> None:
    """Refuse what cannot be measured, before anything is searched.

    Raises:
        UnknownMeasure: trec_eval has no such measure (Judged@k and RR@k apart), or its value is no mean over topics; or
            its `rel` is below 1, or its cutoff above a million.
        MissingExtra: ir-measures is not installed.
    """
    for name in measures:
        _parse(name)


def score(
    run: Run, qrels: Qrels, measures: Sequence[str], *, complete: bool = False, judged_only: bool = False
) -> Scores:
    """The value of each measure for each topic that is in both the run and the judgements.

    The conventions are BEIR's (Thakur et al., NeurIPS Datasets 2021): trec_eval's measures, an article whose id is its
    topic's id is dropped from the run, and topics that either side lacks are left out. The order of the hits is judged
    and not their scores, so that equal scores stand as they stood. A grade above 0 is relevant; Judged@k of a list
    that is shorter than k is the share of the list. An empty list was asked, and nothing was found.

    Args:
        measures: in ir-measures' names, such as `nDCG@10`, `R@100`, `AP`, `RR@10`, `P@5`, `Judged@10`.
        complete: as trec_eval's `-c`: a judged topic that the run lacks counts 0.
        judged_only: as trec_eval's `-J`: articles that nobody judged for a topic are removed from its list first, and
            with them, as there, those with a grade below 0.

    Raises:
        UnknownMeasure: see `check`.
        BadRun: an article comes twice for a topic, or a score is no number.
        NothingJudged: the run has no topic that is judged (an empty run with `complete` has 0 everywhere).
    """
    parsed = {name: _parse(name) for name in measures}
    for topic, hits in run.items():
        _check_hits(topic, hits)
    topics = _scored_topics(run, qrels, complete=complete)
    judged = {topic: {id: max(grade, LOWEST_GRADE) for id, grade in qrels[topic].items()} for topic in topics}
    kept = {topic: _kept(topic, run.get(topic, ()), judged[topic] if judged_only else None) for topic in topics}
    falling = {topic: {id: float(-rank) for rank, id in enumerate(ids)} for topic, ids in kept.items() if ids}
    values: dict[Any, dict[str, float]] = {measure: dict.fromkeys(topics, 0.0) for measure in parsed.values()}
    for topic, measure, value in _pipeline(_tool()).iter_calc(list(values), judged, falling):
        values[measure][topic] = float(value)
    return {name: values[measure] for name, measure in parsed.items()}


def mean(scores: Scores) -> dict[str, float]:
    """The mean of each measure over its topics."""
    return {measure: math.fsum(values.values()) / len(values) for measure, values in scores.items()}


class Correlation(NamedTuple):
    """How well two rows of numbers agree, -1 to 1: Pearson's r of the numbers, and Spearman's of their ranks."""

    pearson: float
    spearman: float


def correlate(xs: Sequence[float], ys: Sequence[float]) -> Correlation:
    """How well computed similarities follow those that people gave, pair by pair.

    Raises:
        NoCorrelation: fewer than two pairs, rows of unequal length, a value that is no finite number, or a row whose
            values are all equal.
    """
    if len(xs) != len(ys) or len(xs) < 2:
        raise NoCorrelation(
            f"there are {len(xs)} and {len(ys)} values, and it takes two rows of one length, 2 at least"
        )
    for row in (xs, ys):
        odd = [value for value in row if not math.isfinite(value)]
        if odd:
            raise NoCorrelation(f"{odd[0]!r} is no finite number")
        if min(row) == max(row):
            raise NoCorrelation(f"all {len(row)} values of a row are {row[0]!r}")
    try:
        from scipy import stats
    except ImportError as error:
        raise MissingExtra(what="Correlating", extra="eval") from error
    first, second = np.asarray(xs, np.float64), np.asarray(ys, np.float64)
    return Correlation(float(stats.pearsonr(first, second)[0]), float(stats.spearmanr(first, second)[0]))


def _tool() -> Any:
    try:
        import ir_measures
    except ImportError as error:
        raise MissingExtra(what="Measuring", extra="eval") from error
    return ir_measures


def _pipeline(tool: Any) -> Any:
    """What measures: trec_eval itself where it can; not the tools that start programs of their own."""
    return tool.providers.FallbackProvider([tool.pytrec_eval, tool.judged, tool.msmarco])


def _parse(name: str) -> Any:
    tool = _tool()
    try:
        with warnings.catch_warnings():  # it reads names with parts of `ast` that newer Pythons call old
            warnings.simplefilter("ignore", DeprecationWarning)
            measure = tool.parse_measure(name)
        known = _pipeline(tool).supports(measure)
    except (ValueError, NameError, AssertionError) as error:
        raise UnknownMeasure(name) from error
    if not known or not _is_sound(measure.params) or not isinstance(measure.aggregator(), tool.MeanAgg):
        raise UnknownMeasure(name)
    return measure


def _is_sound(params: Mapping[str, Any]) -> bool:
    """Whether trec_eval can measure with these: what ir-measures lets pass and trec_eval stops at is refused here."""
    cutoff, relevant = params.get("cutoff", 1), params.get("rel", 1)
    return not isinstance(cutoff, bool) and 0 < cutoff <= MAX_CUTOFF and relevant >= 1


def _check_hits(topic: str, hits: Sequence[Hit]) -> None:
    seen: set[str] = set()
    for rank, hit in enumerate(hits, start=1):
        if hit.id in seen:
            raise BadRun(f"Topic {topic!r} of the run has article {hit.id!r} twice, again at rank {rank}. Keep one.")
        if math.isnan(hit.score):
            raise BadRun(f"Topic {topic!r} of the run gives article {hit.id!r} the score NaN, which has no place.")
        seen.add(hit.id)


def _kept(topic: str, hits: Sequence[Hit], judged: Grades | None) -> list[str]:
    return [hit.id for hit in hits if hit.id != topic and (judged is None or judged.get(hit.id, -1) >= 0)]


def _scored_topics(run: Run, qrels: Qrels, *, complete: bool) -> list[str]:
    both = [topic for topic in qrels if topic in run]
    if not qrels or (not both and (run or not complete)):
        raise NothingJudged(run=list(run), qrels=list(qrels))
    return list(qrels) if complete else both
