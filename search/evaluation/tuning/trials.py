"""Try settings on lists that were asked once: what every topic scores with each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from indexer.queries import Hit, PartialHits
from onnx_models.reranker import Reranker
from search.errors import NothingToTune, PartlyAnswered
from search.evaluation.measures import score
from search.evaluation.system import System
from search.evaluation.task import Task
from search.evaluation.topics import Topic
from search.evaluation.tuning.grid import Grid, boosts_of
from search.reranking import mixed
from search.response import Ranking
from search.searcher import Searcher

Scored = NDArray[np.float64]
"""float64 (topics,): what each topic scores, in the task's order; a topic without hits scores 0."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one topic was answered with before fusion, under one set of boosts."""

    topic: Topic
    boosts: tuple[tuple[str, float], ...]
    lists: Mapping[str, list[Hit]]


def ask(task: Task, base: System, grid: Grid, searcher: Searcher) -> Iterator[Asked]:
    """Every topic once for each set of boosts, as deep as any setting needs.

    Lists of less depth are cut from these. On the embedded engine that is what a search of that depth returns; where
    vectors are searched approximately, as OpenSearch may, a shallower search also looks at fewer of them, and its list
    can lack what the cut one has.

    Raises:
        NothingToTune: the system re-ranks, and the searcher has nothing to do it with.
        PartlyAnswered: a part of the index did not answer.
    """
    if base.rerank != "none" and searcher.reranker is None:
        why = (
            "it re-ranks, and no re-ranker is there to weigh; install one (`biocpt models list`), or start from hybrid"
        )
        raise NothingToTune(base.name, why)
    depth = max(*grid.depths, base.request.depth)
    for boosts in boosts_of(base, grid):
        asked = replace(base, rerank="none", request=replace(base.request, depth=depth, boosts=boosts))
        rankings = searcher.rank_all(asked.asks(topic.query) for topic in task.topics)
        for topic, ranking in zip(task.topics, rankings, strict=True):
            for hits in ranking.lists.values():
                if isinstance(hits, PartialHits):
                    raise PartlyAnswered(topic.id, hits.gap)
            yield Asked(topic, boosts, ranking.lists)


class Trials:
    """Scores of settings on what was asked; orders come from the searcher's own fusion and re-ranking."""

    def __init__(self, task: Task, measure: str, searcher: Searcher, asked: Sequence[Asked]) -> None:
        """`asked`: all that `ask` gave for these topics."""
        self.task, self.measure = task, measure
        reranker = None if searcher.reranker is None else _Remembered(searcher.reranker)
        self._searcher = Searcher(searcher.index, None, reranker, searcher.rerank_mix, info=searcher.info)
        self._lists = {(one.boosts, one.topic.id): one.lists for one in asked}

    def fused(self, system: System) -> Scored:
        """What the topics score before any re-ranking."""
        plain = replace(system, rerank="none")
        return self._score({topic.id: self._ranking(plain, topic).fused for topic in self.task.topics})

    def shown(self, system: System) -> Scored:
        """What they score as users see it, re-ranked where the system says so; no article is read twice."""
        return self._score({topic.id: self._ranking(system, topic).reranked.order for topic in self.task.topics})

    def mixed(self, system: System, weights: Sequence[float]) -> list[Scored]:
        """The same for each of these weights of the re-ranker's scores in place of the system's."""
        rankings = {topic.id: self._ranking(system, topic) for topic in self.task.topics}
        return [
            self._score({id: mixed(one.fused, one.reranked.scores, weight).order for id, one in rankings.items()})
            for weight in weights
        ]

    def _ranking(self, system: System, topic: Topic) -> Ranking:
        request = system.asks(topic.query)
        lists = self._lists[request.boosts, topic.id]
        return self._searcher.order(request, {name: hits[: request.depth] for name, hits in lists.items()})

    def _score(self, run: Mapping[str, Sequence[Hit]]) -> Scored:
        values = score(run, self.task.qrels, [self.measure], complete=True)[self.measure]
        return np.array([values[topic.id] for topic in self.task.topics])


class _Remembered:
    """A re-ranker that reads no passage twice for a query."""

    def __init__(self, reranker: Reranker) -> None:
        self._reranker, self._known = reranker, dict[tuple[str, tuple[str, str]], float]()
        self.name, self.kind = reranker.name, reranker.kind

    def score(self, query: str, passages: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """float32 (n,)."""
        new = [passage for passage in dict.fromkeys(passages) if (query, passage) not in self._known]
        if new:
            scores = self._reranker.score(query, new)
            self._known.update(zip(((query, passage) for passage in new), map(float, scores), strict=True))
        return np.array([self._known[query, passage] for passage in passages], np.float32)
