"""How good encoders are on a development task, as they are now: a measure of the exact dense ranking."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from heapq import nsmallest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer import sources
from indexer.article import Article
from indexer.engines.protocol import Reader
from indexer.order import arrival_stamp
from indexer.queries import Hit
from onnx_models import Encoder
from search.errors import NotForTuning
from search.evaluation import measures
from search.evaluation.runs import Run
from search.evaluation.task import Task

MEASURE = "nDCG@10"

OTHERS = 20_000
"""Articles that nobody judged, kept among those to be found: with them the corpora of most tasks are whole."""

_DEPTH = 100
"""Articles ranked a topic: as deep as the measures that tasks are judged by look."""

_ENCODED_AT_ONCE = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A development task with the articles that are ranked for it."""

    task: Task
    ids: tuple[str, ...]
    """In the order of strings, so that equal scores stand by id."""
    passages: tuple[tuple[str, str], ...]
    """(title, abstract) of each."""

    @property
    def fingerprint(self) -> str:
        """Names what is asked, judged and ranked: measurements of equal ones can be compared."""
        topics = [(topic.id, topic.query) for topic in self.task.topics]
        grades = sorted((topic, sorted(judged.items())) for topic, judged in self.task.qrels.items())
        told = blake2b(digest_size=16)
        for part in (topics, grades, self.ids, self.passages):
            told.update(json.dumps(part, ensure_ascii=False).encode("utf-8", errors="surrogatepass"))
        return told.hexdigest()


def rehearsal(task: Task, articles: Iterable[Article], *, others: int = OTHERS, seed: int = 0) -> Rehearsal:
    """The task with its judged articles and `others` more, drawn by `seed`, whatever the order they come in.

    Memory holds what is kept, and no more of the articles.

    Raises:
        NotForTuning: the judgements are marked as test; it asks for articles like a given one, or among a few; or none
            of the articles that it calls relevant is there.
    """
    _require_rehearsable(task)
    judged = {id for grades in task.qrels.values() for id in grades}
    kept: dict[str, tuple[str, str]] = {}
    strangers = _strangers(articles, judged, kept, seed)
    drawn = nsmallest(max(1, others), strangers, key=lambda row: row[0])  # of none it would read nothing
    kept |= {id: passage for _, id, passage in drawn[:others]}
    if not any(grade > 0 and id in kept for grades in task.qrels.values() for id, grade in grades.items()):
        raise NotForTuning(task.name, "none of the articles that it calls relevant is among those given")
    ids = tuple(sorted(kept))
    return Rehearsal(task=task, ids=ids, passages=tuple(kept[id] for id in ids))


def articles_in(index: Reader) -> Iterator[Article]:
    """Every article of an index."""
    return (row.record for row in index.rows() if isinstance(row.record, Article))


def articles_of(file: Path) -> Iterator[Article]:
    """Every article of a file that `biocpt index` reads, such as a task's own corpus.

    Raises:
        BrokenSource: it cannot be read to its end.
    """
    return (item for item in sources.read(file, arrival_stamp(1)) if isinstance(item, Article))


def score(rehearsed: Rehearsal, query: Encoder, article: Encoder, measure: str = MEASURE) -> float:
    """The mean over topics of the measure of the dense ranking, by exact inner product of the vectors as they come.

    Raises:
        UnknownMeasure: trec_eval does not know the measure.
        MissingExtra: ir-measures is not installed.
    """
    run = ranked(rehearsed, query, article)
    return measures.mean(measures.score(run, rehearsed.task.qrels, [measure]))[measure]


def measure_with(rehearsed: Rehearsal, query: Encoder, article: Encoder, measure: str = MEASURE) -> Callable[[], float]:
    """What a training loop calls: `score` of these encoders, whose weights change from call to call.

    Raises:
        UnknownMeasure, MissingExtra: see `score`; told now, and not after the first hour of training.
    """
    measures.check([measure])
    return lambda: score(rehearsed, query, article, measure)


def ranked(rehearsed: Rehearsal, query: Encoder, article: Encoder) -> Run:
    """Topic id → its best articles by inner product, best first, ties by id."""
    corpus = _encoded(article, rehearsed.passages)
    topics = rehearsed.task.topics
    run: dict[str, list[Hit]] = {}
    for start in range(0, len(topics), _ENCODED_AT_ONCE):
        block = topics[start : start + _ENCODED_AT_ONCE]
        for topic, vector in zip(block, query.encode([topic.query for topic in block]), strict=True):
            scores = corpus @ vector
            best = np.argsort(-scores, kind="stable")[:_DEPTH]
            run[topic.id] = [Hit(rehearsed.ids[row], float(scores[row])) for row in best]
    return run


def _require_rehearsable(task: Task) -> None:
    if task.split == "test":
        why = "its judgements are marked as test, and what is chosen by them cannot be judged by them"
        raise NotForTuning(task.name, why)
    if task.by_seed or task.candidates is not None:
        raise NotForTuning(task.name, "it asks for more than the articles that answer a question")


def _strangers(
    articles: Iterable[Article], judged: set[str], kept: dict[str, tuple[str, str]], seed: int
) -> Iterator[tuple[bytes, str, tuple[str, str]]]:
    """The articles that nobody judged, each with the key it is drawn by; those that are judged go into `kept`."""
    for article in articles:
        if not article.has_text:
            continue
        if article.id in judged:
            kept[article.id] = article.passage
        else:
            yield blake2b(f"{seed} {article.id}".encode(), digest_size=8).digest(), article.id, article.passage


def _encoded(encoder: Encoder, passages: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
    blocks = (passages[start : start + _ENCODED_AT_ONCE] for start in range(0, len(passages), _ENCODED_AT_ONCE))
    return np.concatenate([encoder.encode(block) for block in blocks])
