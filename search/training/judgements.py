"""Judgements of any task that `biocpt eval` reads: what people found relevant to a topic, and what not."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from search.evaluation.task import AnyTask, SentencePairs, Task
from search.training.errors import NotForTraining
from search.training.observations import Observation
from search.training.tally import SourceTally


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgements:
    """The judgements of a task; the grade counts as clicks, and 0 or less as shown and not chosen."""

    task: Task
    is_log: bool = False

    @property
    def name(self) -> str:
        """The task's name."""
        return self.task.name

    def read(self, tally: SourceTally, workspace: Path) -> Iterator[Observation]:
        """An observation for each judgement."""
        for topic in self.task.topics:
            for article, grade in self.task.qrels.get(topic.id, {}).items():
                tally.read += 1
                yield Observation(topic.query, article, max(0, grade), topic.id)


def judgements(task: AnyTask) -> Judgements:
    """The task as a source.

    Raises:
        NotForTraining: it is what systems are judged by at the end, or asks no questions.
    """
    if isinstance(task, SentencePairs):
        raise NotForTraining(task=task.name, why="pairs of sentences are no questions")
    if task.split == "test":
        why = "its judgements are marked test, and judge models at the end. Take those for training, by --split train"
        raise NotForTraining(task=task.name, why=why)
    if task.by_seed:
        raise NotForTraining(task=task.name, why="it asks for articles like an article, and has no queries")
    return Judgements(task=task)
