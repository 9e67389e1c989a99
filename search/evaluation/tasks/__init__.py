"""Open a task, whatever format it lies in. Add a format here: a file beside this one, and a row."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from search.errors import BadTask
from search.evaluation.task import AnyTask
from search.evaluation.tasks import beir
from search.evaluation.tasks.asked import Asked


class Format(NamedTuple):
    """A form that test collections come in."""

    read: Callable[[Asked], AnyTask]
    recognises: Callable[[Path], bool]
    """Whether what lies at the path has this form; a look at names and first lines."""
    looks_like: str
    """For people, in messages and help."""


FORMATS: dict[str, Format] = {
    "beir": Format(beir.read, beir.recognises, beir.LOOKS_LIKE),
}


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
    return FORMATS[_format(asked, format)].read(asked)


def _format(asked: Asked, format: str) -> str:
    if format in FORMATS:
        return format
    if format != "auto":
        raise BadTask(f"Task format {format!r} is unknown. Known are auto, {', '.join(FORMATS)}.")
    if not asked.path.exists():
        raise BadTask(f"There is no task at {asked.place!r}: no such file or folder.")
    found = next((name for name, format in FORMATS.items() if format.recognises(asked.path)), "")
    if not found:
        known = "; ".join(f"{name}: {format.looks_like}" for name, format in FORMATS.items())
        raise BadTask(f"{asked.place!r} is in no format that is known. Known are {known}.")
    return found
