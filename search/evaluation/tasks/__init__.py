"""Open a task, whatever format it lies in. Add a format here: a file beside this one, and a row."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import orjson

from search import atomic
from search.errors import BadTask
from search.evaluation.task import AnyTask
from search.evaluation.tasks import beir, bioasq, irds, pubmedqa, relish, sentences, trec
from search.evaluation.tasks.asked import Asked


class Format(NamedTuple):
    """A form that test collections come in."""

    read: Callable[[Asked], AnyTask]
    recognises: Callable[[Asked], bool]
    """Whether what lies at the place has this form; a look at names and first lines."""
    looks_like: str
    """For people, in messages and help."""
    options: frozenset[str]
    """Which of `split`, `qrels` and `part` mean something to it; any other is refused."""
    articles: Callable[[Asked], Iterator[dict[str, str]]] | None = None
    """Its articles as BEIR's rows, where it brings them in a form that `biocpt index` cannot read."""


FORMATS: dict[str, Format] = {
    "beir": Format(beir.read, beir.recognises, beir.LOOKS_LIKE, frozenset({"split", "qrels", "part"})),
    "pubmedqa": Format(
        pubmedqa.read, pubmedqa.recognises, pubmedqa.LOOKS_LIKE, frozenset({"split", "part"}), pubmedqa.articles
    ),
    "irds": Format(irds.read, irds.recognises, irds.LOOKS_LIKE, frozenset({"part"}), irds.articles),
    "bioasq": Format(bioasq.read, bioasq.recognises, bioasq.LOOKS_LIKE, frozenset({"split"})),
    "relish": Format(relish.read, relish.recognises, relish.LOOKS_LIKE, frozenset({"split"})),
    "sentences": Format(sentences.read, sentences.recognises, sentences.LOOKS_LIKE, frozenset()),
    "trec": Format(trec.read, trec.recognises, trec.LOOKS_LIKE, frozenset({"split", "qrels", "part"})),
}
"""In the order in which `auto` tries them."""

_LOOKED_AT = 100
"""Files of a folder that is no task, to find one that is."""


def open_task(
    place: str, *, format: str = "auto", split: str = "", qrels: Path | None = None, part: str = ""
) -> AnyTask:
    """The task at a place.

    Args:
        place: A file or folder, or `irds:` and an id of ir_datasets.
        format: A name in FORMATS, or `auto` to look at what lies there.
        split: Which part of the collection; it can be left out where there is one, or where the files' names say it.
        qrels: The file of judgements, where the place itself holds none, or others are wanted.
        part: Which part of a topic is asked, such as `description`; "" for the usual one.

    Raises:
        BadTask: nothing lies there, no format fits, or what lies there is not whole.
        BadTopics, BadQrels: a file has a line that is wrong.
    """
    asked = Asked(place=place, split=split, qrels=qrels, part=part)
    name = _format(asked, format)
    for option in ("split", "qrels", "part"):
        if getattr(asked, option) and option not in FORMATS[name].options:
            raise BadTask(f"--{option} means nothing to format {name!r}: {FORMATS[name].looks_like}. Leave it out.")
    return FORMATS[name].read(asked)


def write_corpus(place: str, path: Path, *, format: str = "auto") -> int:
    """Write the articles of a task whose own file `biocpt index` cannot read, as JSON lines; returns how many.

    The file appears only when it is whole.

    Raises:
        BadTask: the format brings no articles, or brings a file that can be indexed as it is.
    """
    asked = Asked(place=place)
    name = _format(asked, format)
    articles = FORMATS[name].articles
    if articles is None:
        raise BadTask(f"Format {name!r} brings no articles to write: index its corpus.jsonl, or articles by their ids.")
    with atomic.writing(path) as partial, partial.open("wb") as file:
        return sum(bool(file.write(orjson.dumps(row) + b"\n")) for row in articles(asked))


def brings_articles(place: str, *, format: str = "auto") -> bool:
    """Whether the articles of a task lie there in a form that `write_corpus` writes anew."""
    found = format if format in FORMATS else _recognised(Asked(place=place))
    return bool(found) and FORMATS[found].articles is not None


def _format(asked: Asked, format: str) -> str:
    if format in FORMATS:
        return format
    if format != "auto":
        raise BadTask(f"Task format {format!r} is unknown. Known are auto, {', '.join(FORMATS)}.")
    if not asked.path.exists() and not irds.recognises(asked):
        raise BadTask(f"There is no task at {asked.place!r}: no such file or folder.")
    found = _recognised(asked)
    if not found:
        raise BadTask(_unknown(asked))
    return found


def _recognised(asked: Asked) -> str:
    return next((name for name, format in FORMATS.items() if format.recognises(asked)), "")


def _unknown(asked: Asked) -> str:
    """What a place that is no task needs to become one, in a line."""
    is_folder = asked.path.is_dir()
    kinds = [
        f"{name}: {one.looks_like}" for name, one in FORMATS.items() if ("a folder" in one.looks_like) == is_folder
    ]
    if not is_folder:
        return (
            f"{asked.place!r} is in no format that is known. If it holds topics, give their judgements with --qrels. "
            f"Known are {'; '.join(kinds)}."
        )
    there = sorted(asked.path.iterdir())
    tasks = [path for path in there[:_LOOKED_AT] if path.is_file() and _recognised(Asked(place=str(path)))]
    if tasks:
        return f"Folder {asked.place!r} is no task, but {str(tasks[0])!r} in it is one: name that."
    names = ", ".join(path.name for path in there[:5]) + (", …" if len(there) > 5 else "")
    return (
        f"Folder {asked.place!r} is in no format that is known. It holds {names or 'nothing'}. "
        f"Known are {'; '.join(kinds)}; or name a file."
    )
