"""Run systems over a task, with the Searcher that users search with: there is no second way to an order."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple

import numpy as np

from indexer.queries import Hit
from onnx_models import Encoder, Similarity
from search.errors import ArticleWithoutVector, BadSystem, UnknownArticle
from search.evaluation.evaluation import Speed
from search.evaluation.system import System
from search.evaluation.task import SentencePairs, Task
from search.evaluation.topics import Topic
from search.request import SearchRequest
from search.response import Ranking
from search.searcher import Searcher

_NO_RERANKER = "Asked to re-rank, but there is no re-ranker to do it."
_NO_SEED = "Not asked: the index holds no vector of the article that is asked with."


class Answer(NamedTuple):
    """What one topic was answered with."""

    topic: str
    ranking: Ranking | None
    """None: the article that others should be like cannot be compared with any."""
    seconds: float
    """Wall time from question to order."""
    notes: tuple[str, ...] = ()
    """What a user would have been told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One system's answers to a task."""

    system: System
    rankings: Mapping[str, Ranking]
    """By topic id, in the order asked; what could not be asked is absent."""
    speed: Speed
    notes: tuple[str, ...]
    """What users would have been told, each once, with the number of topics."""

    @property
    def run(self) -> dict[str, list[Hit]]:
        """Topic id → its hits, best first, to the system's depth."""
        return {topic: ranking.reranked.order for topic, ranking in self.rankings.items()}


def run(task: Task, system: System, searcher: Searcher) -> Outcome:
    """The system's answers to every topic.

    Raises:
        BadSystem: see `require_fit`.
        SearchError, IndexerError: a question cannot be answered as asked.
    """
    return outcome(system, answers(task, system, searcher))


def answers(task: Task, system: System, searcher: Searcher) -> Iterator[Answer]:
    """One answer a topic, asked one at a time, as users ask, so that seconds are what a user waits.

    The first topic is asked once before, uncounted: what loads at a first use is not part of a search.
    """
    require_fit(task, system)
    is_plain = system.rerank != "none" and searcher.reranker is None
    for topic in task.topics[:1]:
        _answer(topic, _request(task, system, topic), searcher, by_seed=task.by_seed)
    for topic in task.topics:
        answer = _answer(topic, _request(task, system, topic), searcher, by_seed=task.by_seed)
        yield answer._replace(notes=(*answer.notes, _NO_RERANKER)) if is_plain else answer


def require_fit(task: Task, system: System) -> None:
    """Refuse a system that cannot do what the task asks.

    Raises:
        BadSystem: articles like a given one are asked for, and the system does not compare vectors alone.
    """
    if task.by_seed and (system.request.mode != "dense" or system.rerank != "none"):
        raise BadSystem(
            f"Task {task.name!r} asks for articles like a given one, which is done by their vectors alone, but system "
            f"{system.name!r} is {system.request.mode!r} with rerank {system.rerank!r}. Evaluate 'dense'."
        )


def outcome(system: System, answered: Iterable[Answer]) -> Outcome:
    """The answers put together."""
    rankings: dict[str, Ranking] = {}
    seconds: list[float] = []
    notes: Counter[str] = Counter()
    for answer in answered:
        notes.update(answer.notes)
        if answer.ranking is not None:
            rankings[answer.topic] = answer.ranking
            seconds.append(answer.seconds)
    said = tuple(f"{note} ({count:,} topic{'s' if count > 1 else ''})" for note, count in notes.items())
    return Outcome(system=system, rankings=rankings, speed=speed(seconds, rankings.values()), notes=said)


def speed(seconds: Iterable[float], rankings: Iterable[Ranking] = ()) -> Speed:
    """Median and 95th percentile of the topics' seconds, and each stage's mean; 0 where no topic was answered."""
    taken = np.fromiter(seconds, np.float64)
    if not taken.size:
        return Speed(median=0.0, p95=0.0, stages={})
    median, p95 = np.percentile(taken, [50, 95])
    stages: Counter[str] = Counter()
    for ranking in rankings:
        stages.update(ranking.watch.seconds)
    means = {name: total / taken.size for name, total in stages.items()}
    return Speed(median=float(median), p95=float(p95), stages=means)


def similarities(task: SentencePairs, encoder: Encoder, similarity: Similarity) -> list[float]:
    """How alike the sentences of each pair are by their vectors: inner product, or cosine.

    Both sides are read by the query encoder, as the paper's authors do for sentences.
    """
    firsts, seconds = ([pair[side] for pair in task.pairs] for side in (0, 1))
    left, right = (np.asarray(encoder.encode(side), np.float64) for side in (firsts, seconds))
    products = np.einsum("ij,ij->i", left, right)
    if similarity == "cosine":
        products /= np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return [float(value) for value in products]


def _request(task: Task, system: System, topic: Topic) -> SearchRequest:
    candidates = None if task.candidates is None else tuple(task.candidates.get(topic.id, ()))
    return system.asks(topic.query, candidates)


def _answer(topic: Topic, request: SearchRequest, searcher: Searcher, *, by_seed: bool) -> Answer:
    start = perf_counter()
    try:
        ranking = searcher.rank_similar(request) if by_seed else next(searcher.rank_all([request]))
    except (UnknownArticle, ArticleWithoutVector):
        return Answer(topic.id, None, 0.0, (_NO_SEED,))
    return Answer(topic.id, ranking, perf_counter() - start, searcher.notes_on(ranking))
