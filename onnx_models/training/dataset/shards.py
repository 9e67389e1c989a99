"""Examples in an order that is random and exact, with one shard in memory (Rao 1961; Sandelius 1962).

When they are written, each example goes to a shard drawn at random; when an epoch is read, the shards come in a random
order and each is shuffled. All orders of all examples are equally likely then. The shards stay from epoch to epoch, so
two epochs are not independent: examples of one shard are read near each other in each.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from onnx_models.training.dataset.stores import NUMBER
from onnx_models.training.errors import NoSuchShare

IN_A_SHARD = 1 << 20
"""Examples, as a rule: 16 MB of row numbers."""

_BLOCK = 1 << 16

_DEAL, _SHARDS, _WITHIN = 1, 2, 3
"""Last in each seed, so that no two draws are one: numpy's seeds [7] and [7, 0] are the same."""


class Share(NamedTuple):
    """Which part of an epoch is read: every `ranks`-th example from the `rank`-th on, but for the first `start`."""

    seed: int
    epoch: int
    start: int = 0
    rank: int = 0
    ranks: int = 1

    def check(self) -> "Share":
        """Itself.

        Raises:
            NoSuchShare: a number is negative, or the rank is none of the ranks.
        """
        for option in ("seed", "epoch", "start"):
            if getattr(self, option) < 0:
                raise NoSuchShare(option=option, value=getattr(self, option), allowed="0 and more")
        if self.ranks < 1:
            raise NoSuchShare(option="ranks", value=self.ranks, allowed="1 and more")
        if not 0 <= self.rank < self.ranks:
            raise NoSuchShare(option="rank", value=self.rank, allowed=f"0 to {self.ranks - 1}")
        return self


def scatter(source: Path, target: Path, *, width: int, seed: int, in_a_shard: int = IN_A_SHARD) -> list[int]:
    """Deal the examples of a file, rows of `width` numbers, out to shards in the folder; how many each got."""
    total = source.stat().st_size // (width * NUMBER.itemsize)
    sizes = [0] * max(1, -(-total // in_a_shard))
    draw = np.random.default_rng([seed, _DEAL])
    target.mkdir()
    for number in range(len(sizes)):
        shard_file(target, number).touch()
    with source.open("rb") as file:
        while block := file.read(_BLOCK * width * NUMBER.itemsize):
            rows = np.frombuffer(block, NUMBER).reshape(-1, width)
            drawn = draw.integers(len(sizes), size=len(rows))
            for number in np.unique(drawn):
                chosen = rows[drawn == number]
                sizes[number] += len(chosen)
                with shard_file(target, int(number)).open("ab") as shard:
                    shard.write(chosen.tobytes())
    return sizes


def in_order(folder: Path, sizes: Sequence[int], width: int, share: Share) -> Iterator[NDArray[np.int64]]:
    """The share's examples, rows of `width` numbers; shards that it skips whole are not read."""
    share.check()
    shards = np.random.default_rng([share.seed, share.epoch, _SHARDS]).permutation(len(sizes))
    next_wanted, passed = share.rank + share.start * share.ranks, 0
    for number in map(int, shards):
        size = sizes[number]
        if next_wanted < passed + size:
            rows = np.fromfile(shard_file(folder, number), NUMBER).reshape(-1, width)
            order = np.random.default_rng([share.seed, share.epoch, number, _WITHIN]).permutation(size)
            wanted = range(next_wanted - passed, size, share.ranks)
            yield from rows[order[wanted.start :: share.ranks]]
            next_wanted += len(wanted) * share.ranks
        passed += size


def shard_file(folder: Path, number: int) -> Path:
    """Where a shard lies."""
    return folder / f"{number:05}.rows"
