"""What is learnt from: a query with one passage that answers it, or with all of them and some that do not."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["pairs", "lists"]
"""What one example is: a `Pair` (for a retriever) or a `RankList` (for a re-ranker)."""

KINDS: tuple[Kind, ...] = ("pairs", "lists")


class Passage(NamedTuple):
    """A text that can answer: either part may be empty. Two texts may have one id: an article less its title, say."""

    id: str
    title: str
    abstract: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A query and one passage that people chose for it."""

    query_id: str
    query: str
    positive: Passage
    clicks: int
    """How often it was chosen, 1 or more; the paper weighs the example by log2(clicks + 1)."""
    known: frozenset[str]
    """The ids of all passages known to answer the query, this one included: they are no negatives."""
    negatives: tuple[Passage, ...] = ()
    """Passages that do not answer it: shown and not chosen, or mined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankList:
    """A query with all passages that are known to answer it, and some that do not."""

    query_id: str
    query: str
    positives: tuple[tuple[Passage, int], ...]
    """Each with its clicks."""
    negatives: tuple[Passage, ...] = ()
    scores: tuple[float, ...] | None = None
    """A teacher's: one for each of the positives, then of the negatives."""

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All of them in the order of the scores: positives first."""
        return (*(passage for passage, _ in self.positives), *self.negatives)
