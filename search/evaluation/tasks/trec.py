"""TREC's way: a file of topics and a file of judgements (qrels), each plain or gzip."""

from search.errors import BadTask
from search.evaluation import qrels, topics
from search.evaluation.task import Task
from search.evaluation.tasks.asked import Asked, judged, split_of, stem
from search.evaluation.tasks.sources import source_of

LOOKS_LIKE = "a file of topics, with its judgements in --qrels"


def recognises(asked: Asked) -> bool:
    """Whether a file was given, and judgements beside it."""
    return asked.qrels is not None and asked.path.is_file()


def read(asked: Asked) -> Task:
    """The topics that the judgements are about, named after their file.

    Raises:
        BadTask: there are no judgements, or judged topics without a question.
        BadQrels, BadTopics: a file has a line that is wrong.
    """
    if asked.qrels is None:
        raise BadTask(f"Topics {asked.place!r} come without judgements. Give their file with --qrels.")
    judgements = qrels.read(asked.qrels)
    return Task(
        name=stem(asked.path),
        topics=judged(topics.read(asked.path, part=asked.part), judgements, asked.place),
        qrels=judgements,
        split=split_of(asked, asked.qrels, asked.path),
        source=source_of(stem(asked.qrels)) or source_of(stem(asked.path)),
    )
