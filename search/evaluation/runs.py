"""Read and write TREC runs: `topic Q0 document rank score tag`, one line a hit."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from struct import Struct
from typing import NamedTuple, TypeAlias

import numpy as np

from indexer.queries import Hit
from search.errors import BadRun
from search.evaluation import files

Run: TypeAlias = Mapping[str, Sequence[Hit]]
"""Topic id → its hits, best first. The order alone is judged; an empty list was asked, and nothing was found."""

_HIGHEST = np.float32(np.inf)
_C_FLOAT = Struct("f")


class RunLine(NamedTuple):
    """One line of a run."""

    topic: str
    document: str
    rank: int
    score: float
    tag: str

    def __str__(self) -> str:
        """In trec_eval's format, without a line's end; nine digits name a 32-bit number exactly."""
        return f"{self.topic} Q0 {self.document} {self.rank} {self.score:.9g} {self.tag}"


def lines(topic: str, hits: Iterable[Hit], tag: str) -> Iterator[RunLine]:
    """One line a hit, ranks from 1, in the order given.

    trec_eval sorts by score and ignores ranks, and reads scores as 32-bit numbers. So a score that is not below the one
    before it (ties; the tail below a re-ranked window) is written as the next lower such number: the order that users
    see is the order that is judged.

    Raises:
        BadRun: a document id or the tag has spaces, which the format cannot hold.
    """
    previous = _HIGHEST
    for rank, hit in enumerate(hits, start=1):
        for name, value in (("document id", hit.id), ("tag", tag), ("topic id", topic)):
            if not files.is_id(value):
                raise BadRun(f"A TREC run cannot hold the {name} {value!r}: it is empty or has spaces.")
        previous = min(np.float32(hit.score), np.nextafter(previous, -_HIGHEST))
        yield RunLine(topic, hit.id, rank, float(previous), tag)


def read(path: Path) -> Run:
    """Each topic's hits as trec_eval orders them, topics in file order; plain or gzip.

    That order is: by score as a 32-bit number, highest first; equal ones by document id, the last in the alphabet
    first. The rank column is not looked at, nor are the second and the last.

    Raises:
        BadRun: the file cannot be read or holds no hits; or a line has the wrong number of columns, a score that is no
            finite 32-bit number, or a document that an earlier line gave for the same topic.
    """
    hits: dict[str, list[Hit]] = {}
    first: dict[tuple[str, str], int] = {}
    for number, line in files.lines(path, "run", BadRun):
        topic, hit = _hit(line, path, number)
        earlier = first.setdefault((topic, hit.id), number)
        if earlier != number:
            raise BadRun(
                f"Line {number} of {str(path)!r}: topic {topic!r} has document {hit.id!r} already in line {earlier}. "
                "A run names each document once for a topic."
            )
        hits.setdefault(topic, []).append(hit)
    if not hits:
        raise BadRun(f"Run file {str(path)!r} holds no hits. Give `topic Q0 document rank score tag` lines.")
    return {topic: sorted(found, key=lambda hit: (hit.score, hit.id), reverse=True) for topic, found in hits.items()}


def _hit(line: str, path: Path, number: int) -> tuple[str, Hit]:
    columns = line.split()
    if len(columns) != 6:
        raise BadRun(
            f"Line {number} of {str(path)!r} has {len(columns)} columns, not the 6 of `topic Q0 document rank score "
            f"tag`: {line[:80]!r}."
        )
    topic, _, document, _, score, _ = columns
    return topic, Hit(document, _score(score, path, number))


def _score(text: str, path: Path, number: int) -> float:
    """The score as trec_eval holds it; packing it as a C float rounds it, and refuses what is too large for one."""
    try:
        (score,) = _C_FLOAT.unpack(_C_FLOAT.pack(float(text)))
    except (ValueError, OverflowError):
        score = math.nan
    if not math.isfinite(score) or "_" in text:
        raise BadRun(f"Line {number} of {str(path)!r}: score {text!r} is no finite 32-bit number.")
    return float(score)
