"""The numpy forward pass, against transformers and against values worked out apart from it."""

import math
from pathlib import Path

import numpy as np
import pytest

from onnx_models import verify
from onnx_models.export import reference, torch_reference
from onnx_models.export.checkpoint import Checkpoint, bert_config, open_checkpoint
from onnx_models.export.job import accepted_input
from tests.onnx_models import checkpoints
from tests.onnx_models.checkpoints import TINY, Shape


@pytest.mark.parametrize("activation", ["gelu", "gelu_new", "relu"])
def test_it_computes_what_transformers_computes(tmp_path: Path, activation: str) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    source = checkpoints.write(tmp_path, Shape(activation=activation, labels=3))
    checkpoint = open_checkpoint(source)
    ours = reference.compute(bert_config(checkpoint), checkpoint.tensors())
    theirs = torch_reference.compute(checkpoint, "cross")
    for feed in verify.feeds(accepted_input(checkpoint)):
        np.testing.assert_allclose(ours(feed, "logits"), theirs(feed, "logits"), atol=1e-5)


def test_gelu_is_the_normal_distribution_times_x() -> None:
    values = np.linspace(-8, 8, 4001, dtype=np.float32)
    expected = [x * 0.5 * math.erfc(-x / math.sqrt(2)) for x in values.tolist()]
    np.testing.assert_allclose(reference._gelu(values), expected, atol=1e-6)


def test_equal_keys_average_the_values() -> None:
    """With all keys zero each token attends evenly: x + mean(x)·I, normalised, is what attention then gives."""
    weights = checkpoints.random_weights(TINY)
    layer = "encoder.layer.0"
    for name in weights:
        if name.startswith(f"{layer}.") and "LayerNorm" not in name:
            weights[name] = np.zeros_like(weights[name])
        if name.startswith(f"{layer}.") and name.endswith("LayerNorm.weight"):
            weights[name] = np.ones_like(weights[name])
        if name.startswith(f"{layer}.") and name.endswith("LayerNorm.bias"):
            weights[name] = np.zeros_like(weights[name])
    weights[f"{layer}.attention.self.value.weight"] = np.eye(TINY.hidden, dtype=np.float32)
    weights[f"{layer}.attention.output.dense.weight"] = np.eye(TINY.hidden, dtype=np.float32)
    states = np.random.default_rng(0).standard_normal((5, TINY.hidden)).astype(np.float32)
    total = states + states.mean(axis=0)
    expected = (total - total.mean(axis=1, keepdims=True)) / total.std(axis=1, keepdims=True)
    config = bert_config(_tiny())
    np.testing.assert_allclose(reference._layer(config, weights, layer, states), expected, atol=1e-5)


def _tiny() -> Checkpoint:
    return Checkpoint(Path(), checkpoints.config(TINY), ())
