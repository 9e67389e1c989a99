"""What a user says of a task, and what its files' names say of the part of the collection that they are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from search.errors import BadTask
from search.evaluation.task import Qrels, Split
from search.evaluation.topics import Topic

_SPLITS: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "dev": "dev",
    "valid": "dev",
    "validation": "dev",
    "test": "test",
    "testing": "test",
    "testset": "test",
    "eval": "test",
    "heldout": "test",
    "holdout": "test",
    "golden": "test",  # BioASQ's word for the answers to a test batch
}
_PAIRS = re.compile(r"(?<![a-z])(test|held|hold)[^a-z0-9]*(out|set)(?![a-z])")
"""Words that people write in one or in two: `test-set`, `held_out`."""
_COLLECTION = re.compile(r"(?<![a-z])test[^a-z0-9]*(collections?|bed)(?![a-z])")
"""What means a whole, with parts of its own."""
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Where a task lies, and what its files alone may not tell."""

    place: str
    """A file, a folder, or `irds:` and an id of ir_datasets."""
    split: str = ""
    """The part of the collection; "" for the only one, or where the files say it."""
    qrels: Path | None = None
    """The judgements, where they do not lie at the place itself."""
    part: str = ""
    """The part of each topic that is asked, such as `description`; "" for the usual one."""

    @property
    def path(self) -> Path:
        """The place as a path."""
        return Path(self.place)


def split_named(name: str) -> Split:
    """The split that a word of the name stands for: `test` for `scifact.test.tsv` and `TestSet1.tsv`; "" for none."""
    plain = _COLLECTION.sub("", _CAMEL.sub("-", name).lower())
    words = re.split(r"[^a-z]+", _PAIRS.sub(r"\1\2", plain))
    found = {_SPLITS[word] for word in words if word in _SPLITS}
    return "test" if "test" in found else found.pop() if len(found) == 1 else ""


def split_of(asked: Asked, *paths: Path) -> Split:
    """The split asked for, or else the one that the files are named after: judgements first, then topics.

    A file whose name says nothing is what the folder that it lies in is called, where that is such a word alone.

    Raises:
        BadTask: the split asked for is unknown, or a file is marked `test` and another split was asked for: what a
            system is judged by at the end must not be tuned on under another name.
    """
    named = {path: split_named(path.name) or _split_called(path.absolute().parent.name) for path in paths}
    marked = next((path for path, split in named.items() if split == "test"), None)
    if not asked.split:
        return "test" if marked else next((split for split in named.values() if split), "")
    if asked.split not in _SPLITS:
        raise BadTask(f"Split {asked.split!r} is unknown. Say train, dev or test.")
    split = _SPLITS[asked.split]
    if marked is not None and split != "test":
        raise BadTask(
            f"{str(marked)!r} is marked test by its name or its folder's, but split {asked.split!r} was asked for."
        )
    return split


def _split_called(folder: str) -> Split:
    """The split that a folder is called: `test`, `Test-Set 2`, but not `test_of_pumps`, where anything may lie."""
    return _SPLITS.get(re.sub(r"[^a-z]+", "", folder.lower()), "")


def stem(path: Path) -> str:
    """The file's name without its endings for format and compression."""
    return path.name.removesuffix(".gz").rsplit(".", 1)[0] or path.name


def judged(topics: Sequence[Topic], qrels: Qrels, place: str) -> tuple[Topic, ...]:
    """The topics that have judgements, in file order.

    Raises:
        BadTask: topics are judged whose questions are not there.
    """
    known = {topic.id for topic in topics}
    unknown = [id for id in qrels if id not in known]
    if unknown:
        shown = ", ".join(repr(id) for id in unknown[:5]) + (", …" if len(unknown) > 5 else "")
        raise BadTask(
            f"{len(unknown):,} of the {len(qrels):,} judged topics have no question in {place!r}: {shown}. "
            "Give the topics that these judgements are about, or drop the others' lines."
        )
    return tuple(topic for topic in topics if topic.id in qrels)
