"""The re-ranker's objective in the training loop: whole windows, no lost steps, and something learnt."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from onnx_models.errors import BadRunOption  # noqa: E402
from onnx_models.specs import ModelSpec  # noqa: E402
from onnx_models.training.cross import CrossScorer, CrossSettings  # noqa: E402
from onnx_models.training.dataset import RankList  # noqa: E402
from onnx_models.training.errors import NoNegatives, NoTeacher  # noqa: E402
from onnx_models.training.layouts import PairTokens  # noqa: E402
from onnx_models.training.list_loss import ListLoss  # noqa: E402
from onnx_models.training.list_quality import measure  # noqa: E402
from onnx_models.training.loop import train  # noqa: E402
from onnx_models.training.reranker import ListSettings, RerankerObjective, Window  # noqa: E402
from onnx_models.training.settings import TrainingSettings  # noqa: E402
from tests.onnx_models import checkpoints  # noqa: E402
from tests.onnx_models.training import lists  # noqa: E402
from tests.onnx_models.training.test_retriever import run_script  # noqa: E402
from tests.onnx_models.training.test_windows import WordScorer  # noqa: E402

Objective = RerankerObjective[PairTokens]


def objective(folder: Path, some: list[RankList], settings: ListSettings) -> Objective:
    return RerankerObjective(WordScorer(), lists.write(folder / "data", some), settings)


def test_windows_hold_every_list_of_an_epoch_once(tmp_path: Path) -> None:
    made = objective(tmp_path, lists.some(11), ListSettings(window=4, negatives=3))
    windows = list(made.batches(0, 0))
    assert [made.examples_in(window) for window in windows] == [4, 4, 3]
    assert made.batches_in_epoch == 3
    assert all(len(group.inputs) == 4 for window in windows for group in window.groups)


def test_going_on_in_an_epoch_gives_the_windows_that_were_left(tmp_path: Path) -> None:
    made = objective(tmp_path, lists.some(11), ListSettings(window=4, negatives=3))
    assert list(made.batches(2, 0))[1:] == list(made.batches(2, 1))
    assert list(made.batches(2, 3)) == []


def test_queries_with_few_negatives_or_none_cost_no_step(tmp_path: Path) -> None:
    """Windows of 2 of 6 lists are 3 steps. The official code skips lists with too few negatives, and loses the
    optimiser's step where a skipped one ends a window.
    """
    some = lists.some(6)
    some = [replace(one, negatives=one.negatives[: row % 3]) for row, one in enumerate(some)]
    made = objective(tmp_path, some, ListSettings(window=2, negatives=31))
    settings = TrainingSettings(epochs=1, batch_size=2, learning_rate=1e-3)
    progress = list(train(made, settings, tmp_path / "run"))
    assert [step.step for step in progress] == [1, 2, 3]
    windows = list(made.batches(0, 0))
    assert sorted(len(group.inputs) for window in windows for group in window.groups) == [2, 2, 3, 3]


def test_a_dataset_without_negatives_is_refused(tmp_path: Path) -> None:
    some = [replace(one, negatives=()) for one in lists.some(2)]
    with pytest.raises(NoNegatives, match="biocpt train mine"):
        objective(tmp_path, some, ListSettings())


def test_distillation_without_a_teacher_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoTeacher, match="has none"):
        objective(tmp_path, lists.some(2), ListSettings(loss=ListLoss(distillation="kl")))


def test_what_decides_a_run_is_signed(tmp_path: Path) -> None:
    first = objective(tmp_path, lists.some(2), ListSettings())
    signed = first.signature()
    assert signed["negatives"] == 31
    assert signed["loss.share"] == 1.0
    assert signed["data"]
    assert "tokens" not in signed


@pytest.mark.parametrize("asked", [{"negatives": 0}, {"window": 0}, {"tokens": -1}])
def test_settings_that_make_no_sense_are_refused(asked: dict[str, int]) -> None:
    (option,) = asked
    with pytest.raises(BadRunOption, match=f"{option} cannot be {asked[option]}"):
        ListSettings(**asked)  # type: ignore[arg-type]  # `loss` is not among them


@pytest.mark.slow
def test_two_processes_compute_what_one_does_with_the_joint_window(tmp_path: Path) -> None:
    """Windows of 3 in each are one of 6, whose weights are summed over both; so they are where one has nothing."""
    dataset, scorer = lists.write(tmp_path / "data", lists.some(12)), WordScorer()
    one = RerankerObjective(scorer, dataset, ListSettings(window=6, negatives=3, tokens=60))
    (joint, *_) = one.batches(0, 0)
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    two = run_script("joint_window", tmp_path / "data", tmp_path / "two", launcher=launcher)
    said, _ = two.communicate(timeout=300)
    assert two.returncode == 0, said
    losses = json.loads((tmp_path / "two" / "losses.json").read_text())
    found = torch.load(tmp_path / "two" / "gradients.pt", weights_only=True)
    for row, window in enumerate((joint, Window(joint.groups[::2], 3))):
        value = one.backward(window)
        assert losses[row] == pytest.approx([value, value], rel=1e-6)
        for gradient, wanted in zip(found[row], scorer.gradients(), strict=True):
            torch.testing.assert_close(gradient, wanted, atol=1e-6, rtol=0)


@pytest.mark.slow
@pytest.mark.parametrize("loss", [ListLoss(), ListLoss(distillation="margin-mse", share=0.5)])
def test_a_cross_encoder_learns_to_order_lists(tmp_path: Path, loss: ListLoss) -> None:
    """The article on both words of the query first, of 8: by chance MRR is .34."""
    some = lists.some(14, scored=True)
    dataset = lists.write(tmp_path / "data", some)
    spec = ModelSpec(name="tiny-cross", role="cross", checkpoint="tiny", max_tokens=64)
    folder = checkpoints.write(tmp_path / "cross", checkpoints.TINY)
    scorer = CrossScorer(folder, spec, CrossSettings(device="cpu"))
    made = RerankerObjective(scorer, dataset, ListSettings(window=7, negatives=7, loss=loss, tokens=2048))
    settings = TrainingSettings(steps=40, batch_size=7, learning_rate=3e-3, schedule="linear", evaluate_every=20)
    steps = list(train(made, settings, tmp_path / "run", measure=lambda: measure(some, scorer, tokens=4096).mrr))
    assert math.fsum(step.loss for step in steps[-5:]) < 0.5 * math.fsum(step.loss for step in steps[:5])
    assert [step.step for step in steps if step.measured is not None] == [20, 40]
    scorer.modules["cross"].eval()
    assert measure(some, scorer, tokens=4096).mrr > 0.9
