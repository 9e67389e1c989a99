"""Pairs as a retriever learns from them: batches of one epoch, read into tokens one batch ahead of the work."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from onnx_models.training.dataset import Dataset, Pair, Passage
from onnx_models.training.ranks import Ranks


@dataclass(frozen=True, slots=True, kw_only=True)
class PairBatch:
    """Some pairs, and the negatives drawn for them."""

    pairs: tuple[Pair, ...]
    negatives: tuple[Passage, ...]
    """Of all pairs together: each is a negative of every query that it is not known to answer."""


class PairBatches:
    """Cuts an epoch of a dataset into batches of one size for each process; what is left over waits for the next."""

    def __init__(self, dataset: Dataset, *, size: int, negatives: int, seed: int, ranks: Ranks) -> None:
        """`negatives`: how many are drawn for each pair, of those that it has."""
        self._dataset, self._negatives, self._seed, self._ranks = dataset, negatives, seed, ranks
        here = dataset.count("pairs") // ranks.size
        self._size = max(1, min(size, here))
        self.count = here // self._size
        """Batches of one epoch: where there are fewer examples than `size`, one with all of them."""

    def of(self, epoch: int, start: int) -> Iterator[PairBatch]:
        """This process's batches of an epoch, without the first `start`."""
        rank, ranks = self._ranks
        skipped = start * self._size
        pairs = self._dataset.pairs(seed=self._seed, epoch=epoch, start=skipped, rank=rank, ranks=ranks)
        for _ in range(start, self.count):
            batch = tuple(islice(pairs, self._size))
            drawn = tuple(passage for pair in batch for passage in self._drawn(pair, epoch))
            yield PairBatch(pairs=batch, negatives=drawn)

    def _drawn(self, pair: Pair, epoch: int) -> Sequence[Passage]:
        """Others in each epoch, by the pair alone, so that a resumed run draws the same."""
        if self._negatives >= len(pair.negatives):
            return pair.negatives
        draw = random.Random(f"{self._seed} {epoch} {pair.query_id} {pair.positive.id}")
        return draw.sample(pair.negatives, self._negatives)
