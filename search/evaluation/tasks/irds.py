"""Collections by their ir_datasets id (MacAvaney et al., SIGIR 2021), where it is installed and reaches its data."""

from collections.abc import Iterator
from typing import Any

from search.errors import BadTask
from search.evaluation.qrels import MAX_GRADE
from search.evaluation.task import Task
from search.evaluation.tasks.asked import Asked, judged, split_named
from search.evaluation.tasks.sources import source_of
from search.evaluation.topics import Topic

LOOKS_LIKE = "`irds:` and an id of ir_datasets, such as irds:beir/scifact/test"

PREFIX = "irds:"


def recognises(asked: Asked) -> bool:
    """Whether the place is such an id."""
    return asked.place.startswith(PREFIX)


def read(asked: Asked) -> Task:
    """The topics that the collection judges, under its id as name.

    Raises:
        BadTask: ir_datasets is not installed, does not know the id, has no judged topics under it, or cannot reach its
            data; or topics lack the part asked for.
    """
    dataset = _load(asked.place)
    if not (dataset.has_queries() and dataset.has_qrels()):
        raise BadTask(f"{asked.place!r} has no topics with judgements. {_alike(asked.place)}")
    topics = [_topic(query, asked) for query in _reached(dataset.queries_iter, asked.place)]
    qrels: dict[str, dict[str, int]] = {}
    for row in _reached(dataset.qrels_iter, asked.place):
        if abs(row.relevance) > MAX_GRADE:
            raise BadTask(
                f"{asked.place!r} gives document {row.doc_id!r} of topic {row.query_id!r} grade {row.relevance}, "
                f"which is not between {-MAX_GRADE} and {MAX_GRADE}."
            )
        grades = qrels.setdefault(row.query_id, {})
        if grades.setdefault(row.doc_id, row.relevance) != row.relevance:
            raise BadTask(f"{asked.place!r} judges document {row.doc_id!r} of topic {row.query_id!r} in two ways.")
    name = asked.place.removeprefix(PREFIX)
    return Task(
        name=name,
        topics=judged(topics, qrels, asked.place),
        qrels=qrels,
        split=split_named(name),
        source=source_of(name),
    )


def articles(asked: Asked) -> Iterator[dict[str, str]]:
    """The collection's documents as BEIR's rows: `_id`, `title`, `text`."""
    dataset = _load(asked.place)
    if not dataset.has_docs():
        raise BadTask(f"{asked.place!r} has no documents.")
    for doc in _reached(dataset.docs_iter, asked.place):
        text = next((getattr(doc, name) for name in ("abstract", "text") if getattr(doc, name, None)), None)
        yield {"_id": doc.doc_id, "title": getattr(doc, "title", None) or "", "text": text or doc.default_text()}


def _load(place: str) -> Any:
    try:
        import ir_datasets
    except ImportError as error:
        raise BadTask(f"{place!r} needs ir_datasets: pip install ir_datasets.") from error
    try:
        return ir_datasets.load(place.removeprefix(PREFIX))
    except KeyError as error:
        raise BadTask(f"ir_datasets does not know {place.removeprefix(PREFIX)!r}. {_alike(place)}") from error


def _reached(rows: Any, place: str) -> Iterator[Any]:
    """The rows, with what goes wrong on the way to them put as one line."""
    try:
        yield from rows()
    except (OSError, RuntimeError) as error:
        raise BadTask(f"ir_datasets cannot reach the data of {place!r}: {error}.") from error


def _alike(place: str) -> str:
    """Ids that begin like this one, in a sentence."""
    import ir_datasets

    stem = place.removeprefix(PREFIX).split("/")[0]
    known = sorted(id for id in ir_datasets.registry if id.split("/")[0] == stem)
    return f"It knows {', '.join(known[:8])}." if known else "See https://ir-datasets.com for what it knows."


def _topic(query: Any, asked: Asked) -> Topic:
    if not asked.part:
        return Topic(query.query_id, query.default_text())
    text = getattr(query, asked.part, None)
    if not isinstance(text, str) or not text.strip():
        parts = ", ".join(name for name in query._fields if name != "query_id")
        raise BadTask(f"Topic {query.query_id!r} of {asked.place!r} has no part {asked.part!r}. It has: {parts}.")
    return Topic(query.query_id, text.strip())
