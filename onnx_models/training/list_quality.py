"""How well lists are ordered that had no part in the training: nDCG@10 and MRR@10, over all passages of each list."""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import NamedTuple

import torch

from onnx_models.training.dataset import RankList
from onnx_models.training.scorer import Scorer, T
from onnx_models.training.windows import by_length

DEPTH = 10


class ListQuality(NamedTuple):
    """Means over lists, 0 to 1."""

    ndcg: float
    mrr: float


def measure(lists: Iterable[RankList], scorer: Scorer[T], *, tokens: int) -> ListQuality:
    """Score every passage of every list, without dropout, and average; lists without negatives are left out.

    Args:
        tokens: the most that are computed at once, padding included.
    """
    with _without_dropout(scorer):
        found = [_quality(ranked, scores(ranked, scorer, tokens=tokens)) for ranked in lists if ranked.negatives]
    if not found:
        return ListQuality(0.0, 0.0)
    return ListQuality(*(math.fsum(column) / len(found) for column in zip(*found, strict=True)))


def scores(ranked: RankList, scorer: Scorer[T], *, tokens: int) -> list[float]:
    """One score a passage, positives first."""
    inputs = scorer.read(ranked.query, [(passage.title, passage.abstract) for passage in ranked.passages])
    batches = list(by_length(inputs, tokens))
    with torch.no_grad():
        parts = [scorer.score([inputs[row] for row in rows]).tolist() for rows in batches]
    by_row = dict(zip(chain.from_iterable(batches), chain.from_iterable(parts), strict=True))
    return [by_row[row] for row in range(len(inputs))]


def quality(gains: Sequence[float], order: Sequence[int]) -> ListQuality:
    """nDCG@10 and MRR@10 of one list.

    Args:
        gains: of each passage; what is above 0 is relevant.
        order: passages by number, the best first.
    """
    found = [gains[row] for row in order[:DEPTH]]
    ideal = _dcg(sorted(gains, reverse=True)[:DEPTH])
    first = next((rank for rank, gain in enumerate(found, start=1) if gain > 0), None)
    return ListQuality(_dcg(found) / ideal if ideal else 0.0, 1 / first if first else 0.0)


@contextmanager
def _without_dropout(scorer: Scorer[T]) -> Iterator[None]:
    training = {module: module.training for module in scorer.modules.values()}
    for module in training:
        module.eval()
    try:
        yield
    finally:
        for module, mode in training.items():
            module.train(mode)


def _quality(ranked: RankList, scored: Sequence[float]) -> ListQuality:
    """A positive gains log2(clicks + 1), as it weighs in the loss: 1 for one click. Equal scores by id."""
    gains = [math.log2(clicks + 1) for _, clicks in ranked.positives] + [0.0] * len(ranked.negatives)
    ids = [passage.id for passage in ranked.passages]
    return quality(gains, sorted(range(len(ids)), key=lambda row: (-scored[row], ids[row])))


def _dcg(gains: Sequence[float]) -> float:
    """Discounted cumulative gain (Järvelin and Kekäläinen, TOIS 2002)."""
    return math.fsum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
