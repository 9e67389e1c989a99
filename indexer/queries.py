"""What an index can be asked, as plain data: queries, probes (one ranked list each), and the hits that come back."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple, TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

Boosts: TypeAlias = tuple[tuple[str, float], ...]
"""Text fields, and the factor of their score in a `Match`; 0: not searched."""


@dataclass(frozen=True, slots=True)
class Match:
    """Any of the words of `text`, scored by BM25 over the searched fields with their boosts (`indexer.fields`)."""

    text: str
    boosts: Boosts = ()
    """In place of the fields' own; a field that is not named keeps its own."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """The words of `text` in this order, in title or abstract."""

    text: str


@dataclass(frozen=True, slots=True)
class And:
    """All of `parts`; no parts match everything."""

    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of `parts`; no parts match nothing."""

    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Everything that `part` does not match."""

    part: "Query"


@dataclass(frozen=True, slots=True)
class Term:
    """Articles whose keyword field holds one of `values`, ignoring case; fields are those of `indexer.fields`."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """Articles whose number field lies between `low` and `high`, both included; None leaves an end open."""

    field: str
    low: int | None
    high: int | None


Query: TypeAlias = Match | Phrase | And | Or | Not | Term | Range


def has_score(query: Query) -> bool:
    """Whether scores can differ between its matches."""
    match query:
        case Match() | Phrase():
            return True
        case And(parts=parts) | Or(parts=parts):
            return any(has_score(part) for part in parts)
        case Not() | Term() | Range():
            return False
        case _:
            assert_never(query)


@dataclass(frozen=True, slots=True)
class Lexical:
    """The `k` best articles for `query` by BM25, among those that `within` matches (None: all), which adds no score."""

    query: Query
    k: int
    within: Query | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """The `k` articles whose vectors are nearest to `vector` (float32, (d,)), among those that `within` matches."""

    vector: NDArray[np.float32]
    k: int
    within: Query | None = None


Probe: TypeAlias = Lexical | Nearest


class Hit(NamedTuple):
    """One row of a ranked list; higher scores are better."""

    id: str
    score: float


class PartialHits(list[Hit]):
    """A ranked list to which not all of the index contributed."""

    def __init__(self, hits: Iterable[Hit], gap: str) -> None:
        super().__init__(hits)
        self.gap = gap
        """What did not answer, and why: a sentence for the user."""


def hits_of(rows: Iterable[tuple[str, float]]) -> list[Hit]:
    """Ids and scores as hits; of many, in half the time that it takes to call `Hit` for each."""
    return [tuple.__new__(Hit, row) for row in rows]


def best_first(hits: list[Hit]) -> list[Hit]:
    """Best first; equal scores by id as a string, so that runs repeat exactly."""
    return sorted(sorted(hits, key=_ID), key=_SCORE, reverse=True)  # a sort keeps the order of equals, reversed or not


_ID, _SCORE = itemgetter(0), itemgetter(1)
