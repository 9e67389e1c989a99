"""The loop: exact resumption, refusals, measurements and the end of a run, on an objective that trains in a blink."""

import json
import math
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from onnx_models.errors import BadRunOption, StorageFailed  # noqa: E402
from onnx_models.training import outcome  # noqa: E402
from onnx_models.training.errors import DamagedState, LossNotFinite, MeasureNotFinite, NothingToTrain, OtherRun  # noqa: E402
from onnx_models.training.loop import TrainingProgress, train  # noqa: E402
from onnx_models.training.settings import TrainingSettings  # noqa: E402
from tests.onnx_models.training.fitting import Fitting  # noqa: E402

SETTINGS = TrainingSettings(epochs=3, batch_size=4, learning_rate=0.05, save_every=4)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def weights(objective: Fitting) -> list[list[float]]:
    return [weight.flatten().tolist() for weight in objective.network.parameters()]


def take(steps: Iterator[TrainingProgress], count: int) -> list[TrainingProgress]:
    return [next(steps) for _ in range(count)]


def test_a_run_learns_and_takes_every_batch_of_every_epoch_once(tmp_path: Path) -> None:
    objective = Fitting()
    progress = list(train(objective, SETTINGS, tmp_path))
    assert [each.step for each in progress] == list(range(1, 31))
    assert objective.asked == [(epoch, batch) for epoch in range(3) for batch in range(10)]
    assert progress[-1].loss < progress[0].loss


@pytest.mark.parametrize("stopped_after", [1, 4, 10, 13, 29])
def test_a_stopped_run_ends_with_the_bits_of_one_that_was_not_stopped(tmp_path: Path, stopped_after: int) -> None:
    whole, stopped, resumed = Fitting(), Fitting(), Fitting()
    list(train(whole, SETTINGS, tmp_path / "whole"))
    steps = train(stopped, SETTINGS, tmp_path / "parts")
    take(steps, stopped_after)
    del steps
    rest = list(train(resumed, SETTINGS, tmp_path / "parts"))
    assert rest[0].step == stopped_after // 4 * 4 + 1
    assert weights(resumed) == weights(whole)
    assert losses(tmp_path / "parts") == losses(tmp_path / "whole")


def losses(folder: Path) -> list[tuple[int, float]]:
    lines = (folder / "log.jsonl").read_text().splitlines()
    return [(line["step"], line["loss"]) for line in map(json.loads, lines)]


def test_accumulated_batches_give_the_gradient_of_their_mean(tmp_path: Path) -> None:
    """Without dropout, 10 steps over 2 batches of 4 each are 10 steps of plain AdamW on the mean of the losses."""
    objective = Fitting(batches=20)
    objective.network[0].p = 0.0
    settings = TrainingSettings(epochs=1, accumulate=2, learning_rate=0.05, schedule="constant", warm_up=0, clip=1e9)
    assert len(list(train(objective, settings, tmp_path))) == 10
    plain = Fitting(batches=20).network[1]
    optimiser = torch.optim.AdamW(plain.parameters(), lr=0.05, weight_decay=0.0)
    for step in range(10):
        halves = [
            torch.randn(4, 4, generator=torch.Generator().manual_seed(number)) for number in (2 * step, 2 * step + 1)
        ]
        numbers = torch.cat(halves)
        optimiser.zero_grad()
        ((plain(numbers)[:, 0] - numbers.sum(dim=1)) ** 2).mean().backward()
        optimiser.step()
    torch.testing.assert_close(objective.network[1].weight, plain.weight, rtol=1e-5, atol=1e-6)


def test_batches_that_teach_nothing_are_a_step_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as lists without negatives."""
    objective = Fitting()
    start = weights(objective)
    settings = TrainingSettings(steps=2, accumulate=2)
    monkeypatch.setattr(objective, "backward", lambda _: 0.0)
    assert [each.loss for each in train(objective, settings, tmp_path)] == [0.0, 0.0]
    assert weights(objective) == start


def test_a_loss_that_is_no_number_stops_and_says_where(tmp_path: Path) -> None:
    objective = Fitting(spoilt=13)
    with pytest.raises(LossNotFinite, match=r"loss is nan at step 14 \(epoch 2, batch 4\).*last\.pt', after step 12"):
        list(train(objective, SETTINGS, tmp_path))
    again = Fitting()
    assert next(train(again, SETTINGS, tmp_path)).step == 13


def test_other_settings_or_data_are_refused_and_listed(tmp_path: Path) -> None:
    list(train(Fitting(), SETTINGS, tmp_path))
    other = TrainingSettings(epochs=3, batch_size=4, learning_rate=0.01, save_every=4, seed=1)
    expected = (
        r"data was '10 batches of 4', now '10 batches of 5'; "
        r"settings\.learning_rate was 0\.05, now 0\.01; settings\.seed was 2023, now 1"
    )
    with pytest.raises(OtherRun, match=expected):
        list(train(Fitting(size=5), other, tmp_path))


@pytest.mark.parametrize("now", [None, "other topics"])
def test_what_was_measured_on_one_thing_is_not_compared_with_another(tmp_path: Path, now: str | None) -> None:
    """Else the card of a finished run would tell what was measured on the first as if it were of the second."""
    list(train(Fitting(), SETTINGS, tmp_path, measure=lambda: 0.5, measured_on="some topics"))
    measure = None if now is None else lambda: 0.5
    with pytest.raises(OtherRun, match=f"measured_on was 'some topics', now {now!r}"):
        list(train(Fitting(), SETTINGS, tmp_path, measure=measure, measured_on=now or ""))


def test_how_often_it_is_saved_may_change(tmp_path: Path) -> None:
    take(train(Fitting(), SETTINGS, tmp_path), 5)
    seldom = TrainingSettings(epochs=3, batch_size=4, learning_rate=0.05, save_every=1000)
    assert next(train(Fitting(), seldom, tmp_path)).step == 5


def test_a_finished_run_gives_its_weights_again_without_a_step(tmp_path: Path) -> None:
    first, again = Fitting(), Fitting()
    list(train(first, SETTINGS, tmp_path))
    assert list(train(again, SETTINGS, tmp_path)) == []
    assert weights(again) == weights(first)


def test_the_best_measured_weights_are_kept_and_patience_ends_the_run(tmp_path: Path) -> None:
    objective, seen, values = Fitting(), [], iter([0.2, 0.1, 0.5, 0.4, 0.3, 0.9])

    def measure() -> float:
        assert not objective.network.training
        seen.append(weights(objective))
        torch.randn(7)
        return next(values)

    settings = TrainingSettings(epochs=3, learning_rate=0.05, evaluate_every=3, patience=2)
    progress = list(train(objective, settings, tmp_path, measure=measure))
    measured = [(each.step, each.measured) for each in progress if each.measured]
    assert measured == [(3, 0.1), (6, 0.5), (9, 0.4), (12, 0.3)]
    assert progress[-1].step == 12
    assert weights(objective) == seen[2]
    noted = outcome.read(tmp_path)
    assert noted is not None
    assert (noted.step, noted.finished, noted.before, noted.best) == (12, True, 0.2, 0.5)


@pytest.mark.parametrize("number", [0, 2])
def test_a_measurement_that_is_no_number_stops_and_says_where(tmp_path: Path, number: int) -> None:
    """Nothing is better than it, so that all that is learnt would be thrown away for what it was measured on."""
    values = iter([math.nan if row == number else 0.1 * row for row in range(9)])
    settings = TrainingSettings(epochs=3, learning_rate=0.05, save_every=4, evaluate_every=3)
    kept = r"last\.pt', after step 4" if number else "No checkpoint had been written yet"
    with pytest.raises(MeasureNotFinite, match=f"measurement is nan right after step {3 * number}, .*{kept}"):
        list(train(Fitting(), settings, tmp_path, measure=lambda: next(values)))


def test_training_that_only_harms_gives_back_what_it_began_with(tmp_path: Path) -> None:
    objective, values = Fitting(), iter([0.9, 0.1])
    start = weights(objective)
    list(train(objective, SETTINGS, tmp_path, measure=lambda: next(values)))
    assert weights(objective) == start


def test_measuring_changes_nothing_of_what_is_learnt(tmp_path: Path) -> None:
    plain, measured = Fitting(), Fitting()
    list(train(plain, SETTINGS, tmp_path / "plain"))
    settings = TrainingSettings(epochs=3, batch_size=4, learning_rate=0.05, save_every=4, evaluate_every=1)
    list(train(measured, settings, tmp_path / "measured", measure=lambda: float(torch.randn(3).sum())))
    assert losses(tmp_path / "measured") == losses(tmp_path / "plain")


def test_best_weights_that_were_removed_are_missed(tmp_path: Path) -> None:
    """The last ones are not handed out for them, under the number of the best."""
    values = iter([0.1, 0.9, 0.5])
    settings = TrainingSettings(steps=4, evaluate_every=2)
    list(train(Fitting(), settings, tmp_path, measure=lambda: next(values)))
    (tmp_path / "best.pt").unlink()
    with pytest.raises(DamagedState, match=r"best\.pt' cannot be read: it is not there"):
        list(train(Fitting(), settings, tmp_path, measure=lambda: 0.0))


def test_no_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NothingToTrain, match="Epoch 1 has no batch"):
        list(train(Fitting(batches=0), SETTINGS, tmp_path))


def test_a_damaged_state_is_named(tmp_path: Path) -> None:
    take(train(Fitting(), SETTINGS, tmp_path), 5)
    (tmp_path / "last.pt").write_bytes(b"PK half of an archive")
    with pytest.raises(DamagedState, match=r"last\.pt"):
        next(train(Fitting(), SETTINGS, tmp_path))


def test_a_line_of_the_log_that_a_kill_cut_short_is_dropped(tmp_path: Path) -> None:
    take(train(Fitting(), SETTINGS, tmp_path), 5)
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"step": 6, "lo')
    list(train(Fitting(), SETTINGS, tmp_path))
    assert [step for step, _ in losses(tmp_path)] == list(range(1, 31))


def test_a_line_of_the_log_that_lost_its_end_alone_does_not_run_into_the_next(tmp_path: Path) -> None:
    take(train(Fitting(), SETTINGS, tmp_path), 5)
    lines = (tmp_path / "log.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "log.jsonl").write_text("".join(lines[:4]).rstrip("\n"))
    list(train(Fitting(), SETTINGS, tmp_path))
    assert [step for step, _ in losses(tmp_path)] == list(range(1, 31))


def test_a_kill_right_after_a_checkpoint_loses_neither_the_line_of_its_step_nor_the_outcome(tmp_path: Path) -> None:
    """The last thing that is written is the outcome: here it is not."""
    (tmp_path / "outcome.json").mkdir()
    with pytest.raises(StorageFailed):
        list(train(Fitting(), SETTINGS, tmp_path))
    (tmp_path / "outcome.json").rmdir()
    list(train(Fitting(), SETTINGS, tmp_path))
    assert [step for step, _ in losses(tmp_path)] == list(range(1, 31))
    (tmp_path / "outcome.json").unlink()
    assert list(train(Fitting(), SETTINGS, tmp_path)) == []
    noted = outcome.read(tmp_path)
    assert noted is not None
    assert (noted.step, noted.finished) == (30, True)


def test_a_damaged_outcome_is_named(tmp_path: Path) -> None:
    assert outcome.read(tmp_path) is None
    (tmp_path / "outcome.json").write_text('{"step": 1}')
    with pytest.raises(DamagedState, match=r"outcome\.json"):
        outcome.read(tmp_path)


def test_a_full_disk_stops_with_one_line_and_keeps_the_checkpoint_before(tmp_path: Path) -> None:
    take(train(Fitting(), SETTINGS, tmp_path), 5)
    before = (tmp_path / "last.pt").read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        with pytest.raises(StorageFailed, match=r"Could not write .*: .+\. Make room"):
            list(train(Fitting(), SETTINGS, tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / "last.pt").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("option", "value"),
    [("epochs", 0), ("learning_rate", float("nan")), ("warm_up", 1.0), ("patience", 0), ("precision", "fp16")],
)
def test_settings_that_nothing_can_be_trained_with_are_refused(option: str, value: Any) -> None:
    with pytest.raises(BadRunOption, match=option):
        TrainingSettings(**{option: value})
