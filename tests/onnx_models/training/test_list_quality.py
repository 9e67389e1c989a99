"""nDCG@10 and MRR@10 of lists, by hand."""

import math

import pytest

pytest.importorskip("torch")

from onnx_models.training.dataset import Passage, RankList
from onnx_models.training.list_quality import measure, quality
from tests.onnx_models.training.test_windows import WordScorer


def test_an_order_by_hand() -> None:
    """Gains 1 and 2; found at ranks 2 and 4: DCG 2/log2(3) + 1/log2(5); ideal 2/log2(2) + 1/log2(3)."""
    found = quality([1, 2, 0, 0], [2, 1, 3, 0])
    assert found.ndcg == pytest.approx((2 / math.log2(3) + 1 / math.log2(5)) / (2 + 1 / math.log2(3)))
    assert found.mrr == 0.5


def test_what_comes_after_the_tenth_does_not_count() -> None:
    gains = [0.0] * 10 + [1.0]
    assert quality(gains, range(11)) == (0, 0)


def test_a_model_that_tells_nothing_apart_is_not_flattered() -> None:
    """All scores are equal, so ids decide; the positive, first in its list, has the last id: rank 3."""
    same = "text"
    ranked = RankList(
        query_id="q",
        query="moss",
        positives=((Passage("z", same, ""), 1),),
        negatives=(Passage("a", same, ""), Passage("b", same, "")),
    )
    found = measure([ranked], WordScorer(), tokens=100)
    assert found.mrr == pytest.approx(1 / 3)
    assert found.ndcg == pytest.approx(1 / math.log2(4))


def test_lists_without_negatives_are_left_out() -> None:
    ranked = RankList(query_id="q", query="moss", positives=((Passage("z", "text", ""), 1),))
    assert measure([ranked], WordScorer(), tokens=100) == (0, 0)
