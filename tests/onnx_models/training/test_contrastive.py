"""The retriever's loss: a hand calculation, the formula of the official code, and what a mask takes away."""

import math
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from onnx_models.training import contrastive  # noqa: E402


def official(scores: Any, clicks: list[int], alpha: float) -> Any:
    """As MedCPT's retriever/models.py has it: nll_loss with the examples' weights as the weights of the classes."""
    target = torch.arange(len(scores))
    weight = torch.tensor([math.log2(count + 1) for count in clicks])
    losses = [
        torch.nn.functional.nll_loss(torch.log_softmax(s, dim=1), target, weight=weight, reduction="mean")
        for s in (scores, scores.T)
    ]
    return alpha * losses[0] + (1 - alpha) * losses[1]


def test_a_batch_of_two_worked_out_by_hand() -> None:
    """Clicks 1 and 3 weigh 1 and 2.

    Rows:    (1 · ln(1 + e^(0−2)) + 2 · ln(1 + e^(1−1))) / 3 = (0.126928 + 2 · 0.693147) / 3 = 0.504407
    Columns: (1 · ln(1 + e^(1−2)) + 2 · ln(1 + e^(0−1))) / 3 = 0.313262
    0.8 · 0.504407 + 0.2 · 0.313262 = 0.466178
    """
    scores = torch.tensor([[2.0, 0.0], [1.0, 1.0]])
    weights = contrastive.click_weights([1, 3], scores.device)
    assert weights.tolist() == [1.0, 2.0]
    assert float(contrastive.loss(scores, weights)) == pytest.approx(0.466178, abs=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 0.8, 1.0])
def test_loss_and_gradients_equal_the_formula_of_the_official_code(alpha: float) -> None:
    draw = torch.Generator().manual_seed(5)
    clicks = [1, 1, 2, 40, 7, 3]
    query, article = (torch.randn(6, 16, generator=draw) for _ in range(2))
    found, expected = ([side.clone().requires_grad_() for side in (query, article)] for _ in range(2))
    ours = contrastive.loss(found[0] @ found[1].T, contrastive.click_weights(clicks, query.device), alpha=alpha)
    theirs = official(expected[0] @ expected[1].T, clicks, alpha)
    ours.backward()
    theirs.backward()
    assert float(ours.detach()) == pytest.approx(float(theirs.detach()), abs=1e-6)
    for mine, other in zip(found, expected, strict=True):
        torch.testing.assert_close(mine.grad, other.grad, rtol=1e-6, atol=1e-6)


def test_scores_as_large_as_medcpts_do_not_overflow() -> None:
    scores = 70 * torch.eye(4) + 500
    assert math.isfinite(float(contrastive.loss(scores, torch.ones(4))))


def test_masked_pairs_and_further_negatives_count_as_a_loop_over_what_is_left_counts_them() -> None:
    draw = torch.Generator().manual_seed(1)
    scores = torch.randn(4, 7, generator=draw)
    masked = torch.rand(4, 7, generator=draw) < 0.4
    masked[range(4), range(4)] = False
    weights = [1.0, 2.0, 0.5, 3.0]
    total = 0.0
    for i in range(4):
        row = sum(math.exp(scores[i, j]) for j in range(7) if not masked[i, j])
        column = sum(math.exp(scores[j, i]) for j in range(4) if not masked[j, i])
        total += weights[i] * (0.8 * math.log(row) + 0.2 * math.log(column) - float(scores[i, i]))
    found = contrastive.loss(scores, torch.tensor(weights), masked)
    assert float(found) == pytest.approx(total / sum(weights), abs=1e-6)
