"""Another number of candidates, and what it does to quality, recall and time: where to look when articles are lost."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from search.evaluation import experiment
from search.evaluation.evaluation import SweepPoint
from search.evaluation.judging import Judging
from search.evaluation.measures import mean
from search.evaluation.system import System
from search.evaluation.task import Task
from search.searcher import Searcher

DEPTHS = (10, 20, 50, 100, 200, 500, 1000)


def points(
    task: Task, system: System, searcher: Searcher, judging: Judging, *, depths: Sequence[int] = DEPTHS
) -> Iterator[SweepPoint]:
    """One point a depth, as each is done: the same system with this many candidates of each list and after fusion.

    A re-ranker reads as many of them as the system says, so recall grows with depth and re-ranking's time does not.

    Raises:
        BadSystem, SearchError, IndexerError: see `experiment.answers`.
    """
    for depth in depths:
        asked = replace(system, request=replace(system.request, depth=depth))
        outcome = experiment.run(task, asked, searcher)
        recall = f"R@{depth}"
        means = mean(judging.score(outcome.run, task.qrels, more=[recall]))
        yield SweepPoint(
            system=system.name,
            depth=depth,
            means={name: means[name] for name in judging.measures},
            recall=means[recall],
            median=outcome.speed.median,
            p95=outcome.speed.p95,
        )
