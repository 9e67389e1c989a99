"""The retriever as a whole: its gradients by an independent way, caching, ranks, a kill, and the way to an export."""

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from onnx_models import load_encoder, set_file  # noqa: E402
from onnx_models.errors import BadRunOption, StorageFailed, UnsuitableModel  # noqa: E402
from onnx_models.export import export_set  # noqa: E402
from onnx_models.installed import load  # noqa: E402
from onnx_models.pooling import pooled  # noqa: E402
from onnx_models.specs import KNOWN_SETS, Pooling  # noqa: E402
from onnx_models.tokenizer import padded  # noqa: E402
from onnx_models.training import starting  # noqa: E402
from onnx_models.training.dataset import open_dataset  # noqa: E402
from onnx_models.training.loop import train  # noqa: E402
from onnx_models.training.retriever import ContrastiveSettings, Retriever  # noqa: E402
from onnx_models.training.settings import TrainingSettings  # noqa: E402
from onnx_models.training.towers import Tower  # noqa: E402
from tests.onnx_models import checkpoints  # noqa: E402
from tests.onnx_models.training import pairs, some_steps  # noqa: E402

ROOT = Path(__file__).parents[3]
CPU = torch.device("cpu")
SETTINGS = TrainingSettings(epochs=1, batch_size=8, learning_rate=1e-3, save_every=2)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 queries, 32 pairs."""
    folder = tmp_path_factory.mktemp("training") / "data"
    pairs.write(folder, pairs.lists(24))
    return folder


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint without dropout."""
    return pairs.checkpoint(tmp_path_factory.mktemp("still") / "bert")


def retriever(data: Path, start: Path, contrast: ContrastiveSettings, **asked: bool | None) -> Retriever:
    made = starting.changed(starting.from_checkpoint(start), query={}, article={}, **asked)
    return Retriever(open_dataset(data), made, contrast=contrast, settings=SETTINGS, device=CPU)


def gradients(objective: Retriever, *, mode: bool = True) -> tuple[float, dict[str, Any]]:
    """The loss of the first batch and the gradients it leaves, with the same dropout each time."""
    for module in objective.modules.values():
        module.train(mode)
        module.zero_grad()
    torch.manual_seed(3)
    value = objective.backward(next(objective.batches(0, 0)))
    return value, {
        f"{side}.{name}": weight.grad
        for side, module in objective.modules.items()
        for name, weight in module.named_parameters()
        if weight.grad is not None
    }


def assert_equal(found: dict[str, Any], expected: dict[str, Any], relative: float = 1e-5) -> None:
    """The whole gradient: how far it is off, by its length. Sums in another order round otherwise, in fp32 to 1e-6."""
    assert found.keys() == expected.keys()
    off = math.sqrt(sum(float((found[name] - expected[name]).double().pow(2).sum()) for name in expected))
    length = math.sqrt(sum(float(gradient.double().pow(2).sum()) for gradient in expected.values()))
    assert off <= relative * length


def plainly(data: Path, start: Path) -> tuple[float, dict[str, Any]]:
    """The same batch by transformers alone: its tokenizer, one padded batch, no mask, the official formula."""
    batch = list(open_dataset(data).pairs(seed=SETTINGS.seed, epoch=0))[: SETTINGS.batch_size]
    tokenizer = transformers.BertTokenizerFast(tokenizer_file=str(start / "tokenizer.json"))
    towers = {side: transformers.AutoModel.from_pretrained(start).eval() for side in ("query", "article")}
    queries = tokenizer([p.query for p in batch], padding=True, truncation=True, max_length=64, return_tensors="pt")
    articles = tokenizer(
        [p.positive.title for p in batch],
        [p.positive.abstract for p in batch],
        padding=True,
        truncation=True,
        max_length=128,
        return_tensors="pt",
    )
    q = towers["query"](**queries).last_hidden_state[:, 0]
    d = towers["article"](**articles).last_hidden_state[:, 0]
    weight = torch.tensor([math.log2(pair.clicks + 1) for pair in batch])
    losses = [
        torch.nn.functional.nll_loss(torch.log_softmax(s, 1), torch.arange(len(batch)), weight=weight)
        for s in (q @ d.T, d @ q.T)
    ]
    value = 0.8 * losses[0] + 0.2 * losses[1]
    value.backward()
    found = {
        f"{side}.{name}": weight.grad
        for side, tower in towers.items()
        for name, weight in tower.named_parameters()
        if weight.grad is not None
    }
    return float(value.detach()), found


def test_loss_and_gradients_of_the_official_recipe_equal_transformers_alone(data: Path, still: Path) -> None:
    objective = retriever(data, still, ContrastiveSettings(mask=False))
    value, found = gradients(objective)
    plain, expected = plainly(data, still)
    assert value == pytest.approx(plain, rel=1e-5)
    assert_equal(found, expected)


@pytest.mark.parametrize("dropout", [0.0, 0.1])
@pytest.mark.parametrize("tied", [False, True])
def test_a_cached_batch_has_the_gradients_of_the_plain_one(
    data: Path, tmp_path: Path, dropout: float, tied: bool
) -> None:
    start = pairs.checkpoint(tmp_path / "bert", dropout=dropout)
    plain = retriever(data, start, ContrastiveSettings(negatives=2, pass_tokens=100), tied=tied)
    cached = retriever(data, start, ContrastiveSettings(negatives=2, pass_tokens=100, cached=True), tied=tied)
    expected, found = gradients(plain), gradients(cached)
    assert found[0] == pytest.approx(expected[0], rel=1e-6)
    assert_equal(found[1], expected[1], relative=1e-6)


def test_passes_of_other_sizes_compute_the_same(data: Path, still: Path) -> None:
    one, many = (
        retriever(data, still, ContrastiveSettings(negatives=2, pass_tokens=tokens)) for tokens in (100_000, 1)
    )
    (first, expected), (second, found) = gradients(one), gradients(many)
    assert second == pytest.approx(first, rel=1e-5)
    assert_equal(found, expected)


def test_drawn_negatives_are_other_ones_each_epoch_and_the_same_when_asked_again(data: Path, still: Path) -> None:
    objective = retriever(data, still, ContrastiveSettings(negatives=1))
    of_epochs = [[batch.of.negatives for batch in objective.batches(epoch, 0)] for epoch in (0, 0, 1)]
    assert of_epochs[0] == of_epochs[1]
    drawn = [sorted(passage.id for batch in epoch for passage in batch) for epoch in of_epochs]
    assert drawn[0] != drawn[2]
    for batch in objective.batches(0, 1):
        with_negatives = [pair for pair in batch.of.pairs if pair.negatives]
        assert len(batch.of.negatives) == len(with_negatives)


def test_a_start_in_the_middle_of_an_epoch_gives_the_batches_that_are_left(data: Path, still: Path) -> None:
    objective = retriever(data, still, ContrastiveSettings())
    whole = [batch.of for batch in objective.batches(1, 0)]
    assert len(whole) == objective.batches_in_epoch == 4
    assert [batch.of for batch in objective.batches(1, 3)] == whole[3:]


def test_sides_of_unequal_width_are_refused(data: Path, still: Path, tmp_path: Path) -> None:
    other = checkpoints.write(tmp_path / "wide", checkpoints.Shape(hidden=64))
    start = replace(starting.from_checkpoint(still), article_checkpoint=other)
    with pytest.raises(UnsuitableModel, match="gives 32 dimensions, its article encoder 64"):
        Retriever(open_dataset(data), start, contrast=ContrastiveSettings(), settings=SETTINGS, device=CPU)


@pytest.mark.parametrize(("option", "value"), [("alpha", 1.1), ("scale", 0.0), ("negatives", -1), ("pass_tokens", 0)])
def test_a_loss_that_makes_no_sense_is_refused(option: str, value: float) -> None:
    with pytest.raises(BadRunOption, match=option):
        ContrastiveSettings(**{option: value})  # type: ignore[arg-type]


def test_training_in_bf16_follows_fp32_for_some_steps(data: Path, still: Path, tmp_path: Path) -> None:
    losses = {}
    for precision in ("fp32", "bf16"):
        settings = replace(SETTINGS, precision=precision)
        objective = Retriever(
            open_dataset(data),
            starting.from_checkpoint(still),
            contrast=ContrastiveSettings(),
            settings=settings,
            device=CPU,
        )
        losses[precision] = [each.loss for each in train(objective, settings, tmp_path / precision)]
        assert all(weight.dtype == torch.float32 for weight in objective.query.network.parameters())
    assert losses["bf16"] == pytest.approx(losses["fp32"], rel=0.05)
    assert losses["bf16"] != losses["fp32"]


@pytest.mark.slow
def test_the_trained_folder_is_exported_with_parity_and_gives_the_vectors_of_training(
    data: Path, tmp_path: Path
) -> None:
    objective = retriever(data, pairs.checkpoint(tmp_path / "bert", dropout=0.1), ContrastiveSettings())
    list(train(objective, SETTINGS, tmp_path / "mine" / "training" / "retriever"))
    objective.save(tmp_path / "mine")
    assert list(export_set(tmp_path / "mine")) == ["query", "article"]
    models = load(tmp_path / "mine")
    assert (models.article.spec.name, models.article.spec.layout) == ("mine-article", "pair")
    texts = ["statins and risk", "kidney disease"]
    passages = [("heart disease", "the effect of aspirin on blood pressure"), ("asthma", "")]
    np.testing.assert_allclose(load_encoder(models.query).encode(texts), objective.query.encode(texts), atol=1e-4)
    np.testing.assert_allclose(
        load_encoder(models.article).encode(passages), objective.article.encode(passages), atol=1e-4
    )
    transformers.AutoTokenizer.from_pretrained(tmp_path / "mine" / "source" / "query")


@pytest.mark.slow
def test_a_set_of_one_encoder_with_mean_pooling_is_trained_further_and_keeps_what_else_it_has(
    data: Path, tmp_path: Path
) -> None:
    checkpoints.write_set(tmp_path / "mine", KNOWN_SETS["minilm"])
    start = starting.find(tmp_path, str(tmp_path / "mine"))
    assert (start.tied, start.query.pooling, start.query.similarity) == (True, "mean", "cosine")
    objective = Retriever(
        open_dataset(data), start, contrast=ContrastiveSettings(scale=20), settings=SETTINGS, device=CPU
    )
    assert list(objective.modules) == ["encoder"]
    list(train(objective, SETTINGS, tmp_path / "state"))
    objective.save(tmp_path / "mine")
    assert set_file.read(tmp_path / "mine").name == "minilm"
    assert list(export_set(tmp_path / "mine")) == ["encoder"]
    texts = ["statins and risk", "kidney disease"]
    made = load_encoder(load(tmp_path / "mine").query).encode(texts)
    np.testing.assert_allclose(made, objective.query.encode(texts), atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)


def test_of_two_sides_both_are_put_into_place_or_none(data: Path, still: Path, tmp_path: Path) -> None:
    """A disk that is full after the first must not leave a set of one trained side and one as it was."""
    objective = retriever(data, still, ContrastiveSettings())
    objective.save(tmp_path / "mine")
    before = (tmp_path / "mine" / "source" / "query" / "model.safetensors").read_bytes()
    with torch.no_grad():
        next(iter(objective.query.network.parameters())).add_(1.0)
    obstacle = tmp_path / "mine" / "source" / ".article.partial"
    obstacle.write_text("no room for a folder")
    with pytest.raises(StorageFailed, match="article"):
        objective.save(tmp_path / "mine")
    assert (tmp_path / "mine" / "source" / "query" / "model.safetensors").read_bytes() == before
    obstacle.unlink()
    objective.save(tmp_path / "mine")
    assert (tmp_path / "mine" / "source" / "query" / "model.safetensors").read_bytes() != before
    assert sorted(path.name for path in (tmp_path / "mine" / "source").iterdir()) == ["article", "query"]


def run_script(name: str, *arguments: object, launcher: tuple[str, ...] = ()) -> "subprocess.Popen[bytes]":
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    if sys.platform == "linux":
        environment["GLOO_SOCKET_IFNAME"] = "lo"  # a machine's own name need not resolve
    command = [sys.executable, *launcher, "-m", f"tests.onnx_models.training.{name}", *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT)


@pytest.mark.slow
def test_a_run_killed_in_the_middle_goes_on_to_the_same_bits(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = pairs.checkpoint(tmp_path / "bert", dropout=0.1)
    killed = run_script("some_steps", data, start, tmp_path / "killed", 5)
    assert killed.stdout is not None
    for line in killed.stdout:
        if line.startswith(b"step 5 "):
            break
    killed.kill()
    killed.communicate()
    assert killed.returncode == -9
    assert not (tmp_path / "killed" / "weights.json").exists()
    threads = torch.get_num_threads()
    try:
        for folder in ("killed", "whole"):
            some_steps.main(data, start, tmp_path / folder)
    finally:
        torch.set_num_threads(threads)
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in said] == [*"56789", *"123456789"]
    weights = [(tmp_path / folder / "weights.json").read_text() for folder in ("killed", "whole")]
    assert weights[0] == weights[1]


@pytest.mark.slow
def test_two_processes_compute_what_one_does_with_the_joint_batch(data: Path, still: Path, tmp_path: Path) -> None:
    """Other weights, other numbers of negatives and false negatives across the processes: all is of the joint batch."""
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    two = run_script("joint_batch", data, still, tmp_path / "two", launcher=launcher)
    said, _ = two.communicate(timeout=300)
    assert two.returncode == 0, said
    one = retriever(data, still, ContrastiveSettings(negatives=2, pass_tokens=200))
    value, expected = gradients(one)
    for way in ("plain", "cached"):
        losses = json.loads((tmp_path / "two" / f"{way}.json").read_text())
        assert losses == pytest.approx([value, value], rel=1e-5)
        assert_equal(torch.load(tmp_path / "two" / f"{way}.pt", weights_only=True), expected)
    plain = replace(SETTINGS, steps=4, epochs=8)
    list(train(retriever(data, still, ContrastiveSettings()), plain, tmp_path / "one"))
    for rank in (0, 1):
        apart = (tmp_path / "two" / f"apart{rank}.txt").read_text()
        assert "Process 1 of the run begins otherwise than the first: checkpoint of step is None, not 4" in apart
    assert logged(tmp_path / "two") == pytest.approx(logged(tmp_path / "one"), rel=1e-3)


def logged(folder: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (folder / "log.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("pooling", ["cls", "mean", "last"])
def test_texts_are_pooled_as_the_exported_graph_is(still: Path, pooling: Pooling) -> None:
    spec = replace(starting.from_checkpoint(still).article, pooling=pooling)
    tower = Tower(spec, still, device=CPU)
    read = tower.read([("heart disease", "the effect of aspirin"), ("asthma", ""), ("", "insulin")])
    batch = padded(read, range(3))
    tower.network.eval()
    with torch.no_grad():
        found, states = tower.vectors(batch), tower.states(batch)
    np.testing.assert_allclose(found.numpy(), pooled(states.numpy(), batch.mask, pooling), atol=1e-6)
    np.testing.assert_allclose(tower.encode([]), np.zeros((0, 32)))
