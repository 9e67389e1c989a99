"""Write TREC runs: `topic Q0 document rank score tag`, one line a hit."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from indexer.queries import Hit
from search.errors import BadRun

_HIGHEST = np.float32(np.inf)


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
            if not value or any(sign.isspace() for sign in value):
                raise BadRun(f"A TREC run cannot hold the {name} {value!r}: it is empty or has spaces.")
        previous = min(np.float32(hit.score), np.nextafter(previous, -_HIGHEST))
        yield RunLine(topic, hit.id, rank, float(previous), tag)
