import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.training import denoising

SCORES = st.floats(-200, 200)


def logit(share: float) -> float:
    return math.log(share / (1 - share))


def test_a_cross_encoders_score_counts_after_a_sigmoid() -> None:
    assert denoising.certainty([logit(0.8), logit(0.25), 0], "cross") == pytest.approx([0.8, 0.25, 0.5])


def test_far_logits_neither_overflow_nor_warn() -> None:
    assert denoising.certainty([-1e4, 1e4], "cross").tolist() == [0, 1]


def test_late_interactions_cosine_counts_as_it_is_and_0_below_0() -> None:
    assert denoising.certainty([0.7, -0.2], "late") == pytest.approx([0.7, 0])


def test_what_has_more_than_the_share_of_the_positives_certainty_is_dropped() -> None:
    # The positive has .8; half of that is .4: .45 is above it, .35 below.
    negatives = [logit(0.45), logit(0.35), logit(0.9)]
    assert denoising.keeps([logit(0.8)], negatives, "cross", share=0.5) == [False, True, False]


def test_one_misjudged_positive_among_several_drops_nothing_by_itself() -> None:
    # Certainties .9, .8 and .001: the median is .8, so that the bar is .76.
    positives = [logit(0.9), logit(0.8), logit(0.001)]
    assert denoising.keeps(positives, [logit(0.7), logit(0.77)], "cross", share=0.95) == [True, False]


@given(st.floats(-20, 20), st.lists(SCORES), st.floats(0.01, 1))
def test_a_larger_share_never_drops_more(positive: float, negatives: list[float], share: float) -> None:
    strict = denoising.keeps([positive], negatives, "cross", share=share / 2)
    loose = denoising.keeps([positive], negatives, "cross", share=share)
    assert all(later or not earlier for earlier, later in zip(strict, loose, strict=True))


@given(st.lists(SCORES, min_size=1), st.lists(SCORES))
def test_at_share_1_the_positives_own_score_is_the_bar(positives: list[float], negatives: list[float]) -> None:
    kept = denoising.keeps(positives, negatives, "late", share=1)
    bar = float(np.median(np.clip(positives, 0, 1)))
    assert kept == [min(max(score, 0), 1) <= bar for score in negatives]
