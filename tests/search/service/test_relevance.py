"""Scores between 0 and 1, in the order of the raw ones."""

import math

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onnx_models.reranker import sigmoid
from search.service.relevance import brief, ranked

LOGITS = st.lists(st.floats(min_value=-1e6, max_value=1e6), max_size=30)


@pytest.mark.parametrize(
    ("logit", "expected"),
    [
        (0.0, 0.5),
        (math.log(3), 0.75),  # 1 / (1 + 1/3)
        (-math.log(3), 0.25),
        (math.log(1e9 - 1), 1 - 1e-9),
        (-50.0, 1.9287498479639178e-22),  # e^-50 to 16 digits
        (1e6, 1.0),
        (-1e6, 0.0),
    ],
)
def test_the_sigmoid_is_that_of_the_books(logit: float, expected: float) -> None:
    assert sigmoid(np.array([logit]))[0] == pytest.approx(expected, rel=1e-15)


def test_scores_that_float32_could_not_tell_apart_differ() -> None:
    near, nearer = sigmoid(np.array([20.0, 21.0]))
    assert near < nearer < 1.0
    assert np.float32(near) == np.float32(nearer)


@given(LOGITS)
def test_every_document_is_there_once_best_first_and_equal_ones_keep_their_order(logits: list[float]) -> None:
    found = ranked(np.array(logits, dtype=np.float64))
    assert [index for index, _ in found] == sorted(range(len(logits)), key=lambda index: (-logits[index], index))
    assert all(type(score) is float and 0.0 <= score <= 1.0 for _, score in found)


@given(LOGITS)
def test_raw_scores_are_the_models_own(logits: list[float]) -> None:
    assert [score for _, score in ranked(np.array(logits, dtype=np.float64), raw=True)] == sorted(logits, reverse=True)


@given(st.floats(min_value=-1e6, max_value=1e6))
def test_a_score_in_brief_is_the_score_in_eighteen_signs(score: float) -> None:
    shown = brief(score)
    assert len(repr(shown)) <= 18
    assert len(orjson.dumps(shown)) <= 18
    assert shown == pytest.approx(score, rel=1e-9, abs=1e-300)
