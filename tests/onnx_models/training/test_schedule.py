"""Learning rates are those of transformers' schedules, which the official code trains with."""

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from onnx_models.training.schedule import Schedule, share  # noqa: E402


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant"])
def test_rates_equal_those_of_transformers(schedule: Schedule) -> None:
    makers = {
        "cosine": lambda o: transformers.get_cosine_schedule_with_warmup(o, 7, 50),
        "linear": lambda o: transformers.get_linear_schedule_with_warmup(o, 7, 50),
        "constant": lambda o: transformers.get_constant_schedule_with_warmup(o, 7),
    }
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    theirs = makers[schedule](optimiser)
    for step in range(50):
        ours = share(step, 50, warm_up=0.14, schedule=schedule)
        assert ours == pytest.approx(theirs.get_last_lr()[0], abs=1e-12)
        optimiser.step()
        theirs.step()


def test_without_a_warm_up_the_first_step_has_the_whole_rate() -> None:
    assert share(0, 3, warm_up=0.0, schedule="cosine") == 1.0
