"""The re-ranker's losses against hand calculations and plain arithmetic."""

import math

import pytest

torch = pytest.importorskip("torch")

from onnx_models.training.distillation import listwise_kl, margin_mse  # noqa: E402
from onnx_models.training.listwise import listwise_losses  # noqa: E402

ALL = torch.ones(1, 3, dtype=torch.bool)
TWO = torch.tensor([[True, True, False]])


def test_a_loss_by_hand_without_what_is_absent() -> None:
    """Scores (ln 2, 0, 0): the positive has 2 of 2 + 1 + 1, a loss of ln 2. Scores (0, ln 3): 1 of 4, ln 4."""
    scores = torch.tensor([[math.log(2), 0, 0], [0, math.log(3), 9]])
    losses = listwise_losses(scores, torch.cat([ALL, TWO]))
    assert losses.tolist() == pytest.approx([math.log(2), math.log(4)], abs=1e-6)


def test_the_gradient_is_softmax_minus_target_and_padding_has_none() -> None:
    scores = torch.tensor([[math.log(2), 0.0, 5.0]], requires_grad=True)
    listwise_losses(scores, TWO).sum().backward()
    assert scores.grad.tolist()[0] == pytest.approx([2 / 3 - 1, 1 / 3, 0], abs=1e-6)


def test_margin_mse_by_hand() -> None:
    """Margins 1 and 3, the teacher's 2 and 6: (1 + 9) / 2 = 5. Without the second negative: 1."""
    scores, teacher = torch.tensor([[3.0, 2, 0]]), torch.tensor([[10.0, 8, 4]])
    assert margin_mse(scores, teacher, ALL).tolist() == [5]
    assert margin_mse(scores, teacher, TWO).tolist() == [1]


def test_kl_by_hand() -> None:
    """The teacher says 3/4 and 1/4, the scores say half and half: 3/4 ln 3/2 + 1/4 ln 1/2."""
    scores, teacher = torch.tensor([[0.0, 0, 9]]), torch.tensor([[math.log(3), 0, 9]])
    expected = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert listwise_kl(scores, teacher, TWO).item() == pytest.approx(expected, abs=1e-6)
    assert listwise_kl(teacher + 4, teacher, ALL).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("distillation", [margin_mse, listwise_kl])
def test_padding_gets_no_gradient_from_a_teacher(distillation: object) -> None:
    scores = torch.tensor([[0.0, 1, 2]], requires_grad=True)
    assert callable(distillation)
    distillation(scores, torch.tensor([[1.0, 0, 0]]), TWO).sum().backward()
    assert scores.grad.isfinite().all()
    assert scores.grad[0, 2] == 0
    assert scores.grad[0, 0] != 0
