"""Queries with passages about nothing, to be written and read again."""

from collections.abc import Iterable
from pathlib import Path

from onnx_models.training.dataset import Dataset, DatasetWriter, Kind, Passage, RankList


def passage(number: int) -> Passage:
    return Passage(f"p{number}", f"Title {number}", f"On the {number} humours of the moon-calf.")


def ranked(number: int, *, positives: int = 1, negatives: int = 0) -> RankList:
    """A query whose passages no other query has; its n-th positive was clicked n times."""
    first = number * 100
    return RankList(
        query_id=f"q{number}",
        query=f"what ails moon-calf {number}?",
        positives=tuple((passage(first + n), n + 1) for n in range(positives)),
        negatives=tuple(passage(first + 50 + n) for n in range(negatives)),
    )


def written(folder: Path, lists: Iterable[RankList], kind: Kind = "pairs", *, in_a_shard: int = 5) -> Dataset:
    with DatasetWriter(folder, kind, seed=7, in_a_shard=in_a_shard) as writer:
        for one in lists:
            writer.write(one)
        return writer.finish()
