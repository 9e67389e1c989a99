"""Which passages of a query are learnt from in an epoch: one that answers it, and some that do not."""

from dataclasses import dataclass
from random import Random
from typing import Generic

from onnx_models.training.dataset import RankList
from onnx_models.training.scorer import Scorer, T


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """The passages of one query in one epoch."""

    query: str
    passages: tuple[tuple[str, str], ...]
    """(title, abstract), the positive first."""
    clicks: int
    """Of the positive."""
    teacher: tuple[float, ...] | None
    """The teacher's scores of the passages, where the list has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Generic[T]):
    """The same as inputs of a scorer."""

    inputs: list[T]
    clicks: int
    teacher: tuple[float, ...] | None


def draw(ranked: RankList, *, seed: int, epoch: int, negatives: int) -> Draw:
    """One positive, uniformly, and `negatives` others without repetition; all there are where there are fewer.

    It depends on seed, epoch and the query's id alone, so that it is the same in whatever order lists are read.
    MedCPT draws so too, but leaves out queries with fewer negatives than asked for.
    """
    random = Random(f"{seed} {epoch} {ranked.query_id}")
    count = len(ranked.positives)
    chosen = random.randrange(count)
    others = random.sample(range(len(ranked.negatives)), min(negatives, len(ranked.negatives)))
    rows = [chosen, *(count + row for row in others)]
    passages = ranked.passages
    return Draw(
        query=ranked.query,
        passages=tuple((passages[row].title, passages[row].abstract) for row in rows),
        clicks=ranked.positives[chosen][1],
        teacher=None if ranked.scores is None else tuple(ranked.scores[row] for row in rows),
    )


def read(drawn: Draw, scorer: Scorer[T]) -> Group[T]:
    """The inputs of what was drawn."""
    inputs = scorer.read(drawn.query, drawn.passages)
    return Group(inputs=inputs, clicks=drawn.clicks, teacher=drawn.teacher)
