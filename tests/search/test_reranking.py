"""Re-ranking: the window is re-ordered, the tail is not, and mixes are what they say."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.queries import Hit
from onnx_models.reranker import RerankerKind
from search.errors import BadScores
from search.reranking import rerank

FUSED = [Hit("a", 0.04), Hit("b", 0.03), Hit("c", 0.02), Hit("d", 0.01)]


class Lengths:
    """A re-ranker that prefers long abstracts, or gives the one score it is told."""

    name = "lengths"
    kind: RerankerKind = "cross"

    def __init__(self, score: float | None = None) -> None:
        self._score = score

    def score(self, query: str, passages: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        scores = [len(abstract) if self._score is None else self._score for _, abstract in passages]
        return np.array(scores, np.float32)


PASSAGES = [("", "x"), ("", "xxx"), ("", "xx")]


def test_the_window_is_reordered_and_the_tail_stays_below() -> None:
    order, scores, mixtures = rerank("q", FUSED, PASSAGES, Lengths(), 1.0)
    assert [hit.id for hit in order] == ["b", "c", "a", "d"]
    assert order[0].score == 3.0
    assert order[-1] == FUSED[-1]
    assert scores == [Hit("b", 3.0), Hit("c", 2.0), Hit("a", 1.0)]
    assert mixtures == {}


def test_a_mix_is_the_weighted_mean_of_scaled_scores() -> None:
    # re-rank scaled: a 0, b 1, c .5; fused scaled inside the window: a 1, b .5, c 0
    order, _, mixtures = rerank("q", FUSED, PASSAGES, Lengths(), 0.6)
    assert mixtures["a"] == pytest.approx((0.6, 0.0, 1.0))
    assert [mixtures[hit.id].score for hit in order[:3]] == [hit.score for hit in order[:3]]
    assert dict(order[:3]) == pytest.approx({"b": 0.6 + 0.2, "a": 0.4, "c": 0.3})
    assert [hit.id for hit in order] == ["b", "a", "c", "d"]


def test_a_mix_of_zero_keeps_the_fused_order() -> None:
    order, *_ = rerank("q", FUSED, PASSAGES, Lengths(), 0.0)
    assert [hit.id for hit in order] == ["a", "b", "c", "d"]


def test_nothing_to_rerank_changes_nothing() -> None:
    assert rerank("q", FUSED, [], Lengths(), 1.0) == (FUSED, [], {})


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_scores_that_are_no_numbers_are_refused(score: float) -> None:
    with pytest.raises(BadScores, match="'lengths'"):
        rerank("q", FUSED, PASSAGES, Lengths(score), 1.0)
