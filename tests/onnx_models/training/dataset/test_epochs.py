"""Every example once an epoch, whoever shares it and wherever it begins; and in any order alike."""

from collections import Counter
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx_models.training.dataset import Dataset
from onnx_models.training.dataset.shards import Share, in_order, scatter
from onnx_models.training.dataset.stores import NUMBER
from onnx_models.training.errors import NoSuchShare
from tests.onnx_models.training.dataset.invented import ranked, written

PAIRS = sorted((f"q{query}", f"p{query * 100 + n}") for query in range(9) for n in range(query % 4 + 1))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    lists = [ranked(query, positives=query % 4 + 1) for query in range(9)]
    return written(tmp_path_factory.mktemp("data") / "pairs", lists)


def names(
    dataset: Dataset, seed: int, epoch: int, start: int = 0, rank: int = 0, ranks: int = 1
) -> list[tuple[str, str]]:
    read = dataset.pairs(seed=seed, epoch=epoch, start=start, rank=rank, ranks=ranks)
    return [(pair.query_id, pair.positive.id) for pair in read]


@given(seed=st.integers(0, 2**40), epoch=st.integers(0, 99), ranks=st.integers(1, 30))
def test_the_ranks_together_read_every_example_once(dataset: Dataset, seed: int, epoch: int, ranks: int) -> None:
    shares = [names(dataset, seed, epoch, rank=rank, ranks=ranks) for rank in range(ranks)]
    assert sorted(name for share in shares for name in share) == PAIRS
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@given(seed=st.integers(0, 2**40), ranks=st.integers(1, 5), rank=st.integers(0, 4), start=st.integers(0, 40))
def test_what_is_resumed_is_the_tail_of_what_was_begun(
    dataset: Dataset, seed: int, ranks: int, rank: int, start: int
) -> None:
    rank %= ranks
    whole = names(dataset, seed, 3, rank=rank, ranks=ranks)
    assert names(dataset, seed, 3, start, rank, ranks) == whole[start:]


@given(seed=st.integers(0, 2**40), ranks=st.integers(1, 5))
def test_ranks_take_turns_in_the_order_of_one(dataset: Dataset, seed: int, ranks: int) -> None:
    alone = names(dataset, seed, 0)
    assert [names(dataset, seed, 0, rank=rank, ranks=ranks) for rank in range(ranks)] == [
        alone[rank::ranks] for rank in range(ranks)
    ]


def test_another_seed_or_epoch_is_another_order(dataset: Dataset) -> None:
    assert names(dataset, 1, 0) == names(dataset, 1, 0)
    assert names(dataset, 1, 0) != names(dataset, 1, 1)
    assert names(dataset, 1, 0) != names(dataset, 2, 0)


def test_lists_are_read_once_an_epoch_too(dataset: Dataset) -> None:
    read = [one.query_id for one in dataset.lists(seed=1, epoch=0)]
    assert sorted(read) == [f"q{query}" for query in range(9)]
    assert [one.query_id for one in dataset.lists(seed=1, epoch=0, start=4)] == read[4:]


@pytest.mark.slow
def test_all_orders_are_equally_likely(tmp_path: Path) -> None:
    """Four examples in two shards: 24 orders; 480 dealings, each read once, give each about 20 times."""
    source = tmp_path / "all"
    source.write_bytes(np.arange(4, dtype=NUMBER).tobytes())
    drawn: Counter[tuple[int, ...]] = Counter()
    for seed in range(480):
        sizes = scatter(source, tmp_path / str(seed), width=1, seed=seed, in_a_shard=2)
        drawn[tuple(int(row[0]) for row in in_order(tmp_path / str(seed), sizes, 1, Share(seed, epoch=0)))] += 1
    assert set(drawn) == set(permutations(range(4)))
    chi_squared = sum((count - 20) ** 2 / 20 for count in drawn.values())
    assert chi_squared < 50  # of 23 degrees of freedom: exceeded by chance once in a thousand times


def test_shards_are_about_as_large_as_asked(tmp_path: Path) -> None:
    source = tmp_path / "all"
    source.write_bytes(np.arange(20_000, dtype=NUMBER).tobytes())
    sizes = scatter(source, tmp_path / "shards", width=1, seed=1, in_a_shard=1000)
    assert len(sizes) == 20
    assert all(850 < size < 1150 for size in sizes)  # 5 standard deviations of the binomial, 31


def test_shards_that_are_skipped_are_not_read(tmp_path: Path) -> None:
    dataset = written(tmp_path / "data", [ranked(query) for query in range(40)])
    whole = names(dataset, 5, 0)
    shards = {path: path.read_bytes() for path in (tmp_path / "data" / "pairs").iterdir()}
    first = next(path for path, rows in shards.items() if int(whole[0][0][1:]) in np.frombuffer(rows, NUMBER)[::2])
    passed = first.stat().st_size // 16
    first.unlink()
    assert names(dataset, 5, 0, start=passed) == whole[passed:]


@pytest.mark.parametrize(
    ("share", "said"),
    [
        ({"start": -1}, "start cannot be -1. Allowed: 0 and more"),
        ({"rank": 2, "ranks": 2}, "rank cannot be 2. Allowed: 0 to 1"),
        ({"ranks": 0}, "ranks cannot be 0. Allowed: 1 and more"),
    ],
)
def test_a_share_that_does_not_exist_is_refused_at_once(dataset: Dataset, share: dict[str, int], said: str) -> None:
    with pytest.raises(NoSuchShare, match=said):
        dataset.pairs(seed=1, epoch=0, **share)
