"""Lists to learn from, about invented findings: the passage that answers a query says its two words."""

from collections.abc import Iterable
from itertools import permutations
from pathlib import Path

from onnx_models.training.dataset import Dataset, DatasetWriter, Passage, RankList

WORDS = ("aspirin", "stroke", "insulin", "asthma", "kidney", "sleep", "vaccine", "bone")
"""In the vocabulary of the tiny checkpoints."""


def ranked(first: str, second: str, *, negatives: int = 7, clicks: int = 1, scored: bool = False) -> RankList:
    """A query of two words, the article on both, and articles on others; a teacher's scores if asked for."""
    others = [pair for pair in permutations(WORDS, 2) if not {first, second} & set(pair)][:negatives]
    return RankList(
        query_id=f"{first} {second}",
        query=f"treatment of {first} with {second}",
        positives=((Passage(f"{first}-{second}", f"{first} and {second}", "a trial in children"), clicks),),
        negatives=tuple(Passage(f"{a}-{b}", f"{a} and {b}", "a study of risk in women") for a, b in others),
        scores=(5.0, *([0.0] * len(others))) if scored else None,
    )


def some(count: int = 12, *, scored: bool = False) -> list[RankList]:
    """So many queries with 1, 2, 3 … 5 clicks."""
    pairs = list(permutations(WORDS, 2))[::3][:count]
    return [ranked(a, b, clicks=1 + row % 5, scored=scored) for row, (a, b) in enumerate(pairs)]


def write(folder: Path, lists: Iterable[RankList]) -> Dataset:
    """A dataset of these."""
    with DatasetWriter(folder, "lists") as writer:
        for one in lists:
            writer.write(one)
        return writer.finish({})
