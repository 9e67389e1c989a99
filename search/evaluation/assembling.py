"""Put an evaluation together: from systems' answers, from run files, or from pairs of sentences."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from indexer.engines.protocol import Reader
from search.errors import InvalidRequest
from search.evaluation import comparison, losses
from search.evaluation.evaluation import Evaluation, Ranked, SystemResult, WorstTopic
from search.evaluation.experiment import Outcome
from search.evaluation.judging import Judging
from search.evaluation.measures import Scores, correlate, match_topics, mean
from search.evaluation.runs import Run
from search.evaluation.system import write
from search.evaluation.task import Qrels, SentencePairs, Task

FEW_TOPICS = 25
"""Below so many, intervals are said to be too narrow: in simulations those of 10 topics, meant to hold the truth 95
times in 100, hold it 89 times, those of 5 topics 82 times."""


def first_topics(task: Task, count: int | None) -> Task:
    """The task with its first `count` topics alone, and their judgements; all of it for None."""
    topics = task.topics[:count]
    return replace(task, topics=topics, qrels={topic.id: task.qrels[topic.id] for topic in topics})


def baseline_of(names: Sequence[str], named: str | None) -> str:
    """The system that others are compared with: the one that was named, or else the first; "" for only one.

    Raises:
        InvalidRequest: none of the systems has that name.
    """
    if named is not None and named not in names:
        raise InvalidRequest(f"Unknown baseline {named!r}. Known: {', '.join(names)}.")
    return (named or names[0]) if len(names) > 1 else ""


def of_outcomes(
    task: Task, outcomes: Sequence[Outcome], judging: Judging, *, baseline: str, held: Collection[str] | None = None
) -> Evaluation:
    """The evaluation of systems' answers; `held` are the judged articles that the index holds.

    Raises:
        NothingJudged, NothingShared, MissingExtra: see `measures.score` and `comparison.compare`.
    """
    runs = {outcome.system.name: outcome.run for outcome in outcomes}
    found = _of_runs(runs, task.qrels, judging, baseline, {topic.id: topic.query for topic in task.topics})
    systems = (
        replace(result, toml=write(one.system), speed=one.speed, notes=(*result.notes, *one.notes))
        for result, one in zip(found.systems, outcomes, strict=True)
    )
    return replace(
        found,
        task=task.name,
        split=task.split,
        source=task.source,
        topics=len(task.topics),
        systems=tuple(systems),
        lost=tuple(losses.lost(one.system.name, one.rankings, task.qrels, held=held) for one in outcomes),
    )


def of_runs(runs: Mapping[str, Run], qrels: Qrels, judging: Judging, *, baseline: str, name: str) -> Evaluation:
    """The evaluation of runs alone, by name; `name` is what the judgements are called.

    Raises:
        NothingJudged, NothingShared, MissingExtra: see `measures.score` and `comparison.compare`.
    """
    return replace(_of_runs(runs, qrels, judging, baseline, {}), task=name)


def of_pairs(task: SentencePairs, similarities: Sequence[float], *, model: str) -> Evaluation:
    """How well a model's similarities follow people's scores.

    Raises:
        NoCorrelation: see `measures.correlate`.
    """
    found = correlate(similarities, task.scores)
    means = {"Pearson": found.pearson, "Spearman": found.spearman}
    return Evaluation(
        task=task.name,
        split="",
        source=task.source,
        measures=tuple(means),
        conventions=("Both sentences of a pair are read by the query encoder.",),
        topics=len(task.pairs),
        unit="pairs",
        queries={},
        baseline="",
        systems=(SystemResult(name=model, toml="", means=means, scores={}, topics=len(task.pairs)),),
        facts={},
    )


def with_titles(evaluation: Evaluation, reader: Reader) -> Evaluation:
    """The same, with the titles of the articles in the top tens that are shown."""
    ids = sorted({place.id for worst in evaluation.worst for place in (*worst.top, *worst.baseline_top)})
    titles = {id: article.title for id, article in zip(ids, reader.fetch(ids), strict=True) if article is not None}
    worst = (
        replace(one, top=_titled(one.top, titles), baseline_top=_titled(one.baseline_top, titles))
        for one in evaluation.worst
    )
    return replace(evaluation, worst=tuple(worst))


def _titled(top: Sequence[Ranked], titles: Mapping[str, str]) -> tuple[Ranked, ...]:
    return tuple(replace(place, title=titles.get(place.id, "")) for place in top)


def _of_runs(
    runs: Mapping[str, Run], qrels: Qrels, judging: Judging, baseline: str, queries: Mapping[str, str]
) -> Evaluation:
    scores = {name: judging.score(run, qrels) for name, run in runs.items()}
    return Evaluation(
        task="",
        split="",
        source="",
        measures=judging.measures,
        conventions=judging.conventions,
        topics=len(qrels if judging.complete else {topic for run in runs.values() for topic in run if topic in qrels}),
        queries=queries,
        baseline=baseline,
        systems=tuple(_result(name, run, qrels, scores[name], judging) for name, run in runs.items()),
        contrasts=comparison.compare(baseline, scores) if baseline else (),
        worst=_worst(runs, qrels, scores, baseline, judging.measures[0], queries) if baseline else (),
        facts={},
        notes=_notes(qrels, scores, baseline),
    )


def _result(name: str, run: Run, qrels: Qrels, scores: Scores, judging: Judging) -> SystemResult:
    found = match_topics(run, qrels)
    empty = [topic for topic in found.both if not run[topic]]
    said = {
        f"Judged topics that the run lacks, {'counted as 0' if judging.complete else 'left out'}": found.unanswered,
        "Topics of the run without judgements, left out": found.unjudged,
        "Topics answered with nothing, which count 0 and which a run file cannot hold": empty,
    }
    return SystemResult(
        name=name,
        toml="",
        means=mean(scores),
        scores=scores,
        topics=max(len(values) for values in scores.values()),
        notes=tuple(f"{what}: {_some(topics)}." for what, topics in said.items() if topics),
    )


def _notes(qrels: Qrels, scores: Mapping[str, Scores], baseline: str) -> tuple[str, ...]:
    without = match_topics({}, qrels).without_relevant
    said = [f"Judged topics without a relevant article, to which nearly all measures give 0: {_some(without)}."]
    least = min(len(values) for found in scores.values() for values in found.values())
    few = (
        f"Intervals of so few topics ({least:,}) look surer than they are: look at p, and at more topics "
        f"({FEW_TOPICS} at least)."
    )
    apart = comparison.unshared(baseline, scores) if baseline else {}
    said_apart = [
        f"Topics not in both {name} and {baseline}, left out of their comparison: {_some(topics)}."
        for name, topics in apart.items()
        if topics
    ]
    return (*(said if without else ()), *([few] if baseline and least < FEW_TOPICS else ()), *said_apart)


def _worst(
    runs: Mapping[str, Run],
    qrels: Qrels,
    scores: Mapping[str, Scores],
    baseline: str,
    measure: str,
    queries: Mapping[str, str],
) -> tuple[WorstTopic, ...]:
    return tuple(
        WorstTopic(
            topic=loss.topic,
            query=queries.get(loss.topic, ""),
            system=loss.system,
            baseline=baseline,
            measure=measure,
            score=loss.score,
            baseline_score=loss.baseline_score,
            top=comparison.top(loss.topic, runs[loss.system].get(loss.topic, ()), qrels[loss.topic]),
            baseline_top=comparison.top(loss.topic, runs[baseline].get(loss.topic, ()), qrels[loss.topic]),
        )
        for loss in comparison.largest_losses(baseline, scores, measure)
    )


def _some(topics: Sequence[str]) -> str:
    """`3 (q1, q2, q9)`, at most five of them."""
    shown = ", ".join(topics[:5]) + (", …" if len(topics) > 5 else "")
    return f"{len(topics):,} ({shown})"
