"""The direct route against transformers on torch, and against the numpy forward pass where torch is not installed."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from onnx_models import verify
from onnx_models.errors import UnsupportedCheckpoint
from onnx_models.export import export_model, torch_reference
from onnx_models.export.checkpoint import open_checkpoint
from onnx_models.export.job import accepted_input
from onnx_models.manifest import Output
from onnx_models.specs import ModelSpec
from tests.onnx_models import checkpoints
from tests.onnx_models.checkpoints import TINY, TINY_CROSS, Shape

CLS = ModelSpec(name="tiny", role="article", checkpoint="tiny")
MEAN = replace(CLS, pooling="mean")
CROSS = replace(CLS, role="cross")

SHAPES = {
    "tiny": TINY,
    "one layer": replace(TINY, layers=1),
    "tanh gelu": replace(TINY, activation="gelu_new"),
    "relu": replace(TINY, activation="relu"),
    "one token type": replace(TINY, token_types=1),
    "three token types": replace(TINY, token_types=3),
    "one head": replace(TINY, heads=1),
    "full length": replace(TINY, positions=512),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("spec", [CLS, MEAN, CROSS], ids=["cls", "mean", "cross"])
def test_every_supported_shape_passes_parity(tmp_path: Path, spec: ModelSpec, shape: Shape) -> None:
    source = checkpoints.write(tmp_path / "source", replace(shape, labels=2 if spec.role == "cross" else 0))
    manifest = export_model(spec, source, tmp_path / "model")
    assert manifest.graphs["fp32"].figures["max_abs_difference"] <= 1e-4
    assert manifest.labels == (2 if spec.role == "cross" else 0)


@pytest.mark.parametrize(
    ("spec", "shape", "output"),
    [(CLS, TINY, "cls"), (MEAN, TINY, "last_hidden_state"), (CROSS, TINY_CROSS, "logits")],
    ids=["cls", "tokens", "logits"],
)
def test_graphs_compute_what_transformers_computes(
    tmp_path: Path, spec: ModelSpec, shape: Shape, output: Output
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    source = checkpoints.write(tmp_path / "source", shape)
    manifest = export_model(spec, source, tmp_path / "model")
    assert manifest.graphs["fp32"].reference.startswith("torch ")
    run = verify.open_graph(tmp_path / "model" / "model.onnx")
    expected = torch_reference.compute(open_checkpoint(source), manifest.kind)
    for feed in verify.feeds(accepted_input(open_checkpoint(source)), seed=7):
        real = feed["attention_mask"] == 1 if output == "last_hidden_state" else slice(None)
        np.testing.assert_allclose(run(feed)[real], expected(feed, output)[real], atol=1e-4)


def test_the_cls_graph_gives_the_first_token_of_the_token_graph(tmp_path: Path) -> None:
    source = checkpoints.write(tmp_path / "source")
    manifest = export_model(CLS, source, tmp_path / "model", tokens=True)
    cls, tokens = (
        verify.open_graph(tmp_path / "model" / manifest.graphs[name].file) for name in ("fp32", "tokens-fp32")
    )
    for feed in verify.feeds(accepted_input(open_checkpoint(source))):
        np.testing.assert_allclose(cls(feed), tokens(feed)[:, 0], atol=1e-5)


def test_both_graphs_share_one_weights_file(tmp_path: Path) -> None:
    manifest = export_model(CLS, checkpoints.write(tmp_path / "source"), tmp_path / "model", tokens=True)
    weights = {graph.files[1].name for graph in manifest.graphs.values()}
    assert weights == {"weights.bin"}


def test_the_graph_is_fused(tmp_path: Path) -> None:
    export_model(MEAN, checkpoints.write(tmp_path / "source"), tmp_path / "model")
    graph = onnx.load(tmp_path / "model" / "model.onnx").graph
    operators = [node.op_type for node in graph.node]
    assert operators.count("Attention") == TINY.layers
    assert operators.count("EmbedLayerNormalization") == 1
    assert operators.count("SkipLayerNormalization") == 2 * TINY.layers


def test_the_contract_of_inputs_and_outputs(tmp_path: Path) -> None:
    export_model(CLS, checkpoints.write(tmp_path / "source"), tmp_path / "model")
    graph = onnx.load(tmp_path / "model" / "model.onnx", load_external_data=False).graph
    assert [value.name for value in graph.input] == ["input_ids", "attention_mask", "token_type_ids"]
    assert [value.name for value in graph.output] == ["cls"]
    assert graph.output[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    for value in graph.input:
        assert value.type.tensor_type.elem_type == onnx.TensorProto.INT64
        assert [axis.dim_param for axis in value.type.tensor_type.shape.dim] == ["batch", "length"]


def test_exporting_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    source = checkpoints.write(tmp_path / "source")
    first, second = (export_model(CLS, source, tmp_path / name) for name in ("first", "second"))
    assert [stored.sha256 for stored in first.graphs["fp32"].files] == [
        stored.sha256 for stored in second.graphs["fp32"].files
    ]


def test_other_names_of_the_same_weights_are_read(tmp_path: Path) -> None:
    """Weights saved under `bert.`, and norms under TensorFlow's names, give the same graph."""
    plain = checkpoints.random_weights(TINY)
    old = {f"bert.{name}".replace("LayerNorm.weight", "LayerNorm.gamma"): value for name, value in plain.items()}
    old = {name.replace("LayerNorm.bias", "LayerNorm.beta"): value for name, value in old.items()}
    for name, weights in (("plain", plain), ("old", old)):
        checkpoints.write(tmp_path / name, weights=weights)
        export_model(CLS, tmp_path / name, tmp_path / f"{name}-model")
    first, second = (tmp_path / f"{name}-model" / "weights.bin" for name in ("plain", "old"))
    assert first.read_bytes() == second.read_bytes()


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    weights = checkpoints.random_weights(TINY)
    del weights["encoder.layer.1.output.dense.weight"]
    source = checkpoints.write(tmp_path / "source", weights=weights)
    with pytest.raises(UnsupportedCheckpoint, match=r"encoder\.layer\.1\.output\.dense\.weight"):
        export_model(CLS, source, tmp_path / "model")
    assert not (tmp_path / "model").exists()


LAYER = "encoder.layer.1"


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        (f"{LAYER}.output.dense.bias", (7,)),
        (f"{LAYER}.attention.self.query.bias", (2, 16)),
        (f"{LAYER}.attention.self.query.weight", (32, 16)),
        (f"{LAYER}.output.dense.weight", ()),
        (f"{LAYER}.output.dense.weight", (32, 63)),
    ],
)
def test_every_tensor_has_the_shape_that_the_config_says(tmp_path: Path, name: str, shape: tuple[int, ...]) -> None:
    weights = {**checkpoints.random_weights(TINY), name: np.zeros(shape, np.float32)}
    source = checkpoints.write(tmp_path / "source", weights=weights)
    with pytest.raises(UnsupportedCheckpoint, match=rf"{re.escape(name)}.*{re.escape(str(shape))}, config\.json says"):
        export_model(CLS, source, tmp_path / "model")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_refused_wherever_it_is(tmp_path: Path, number: float) -> None:
    weights = checkpoints.random_weights(TINY)
    weights["embeddings.word_embeddings.weight"][3] = number  # [SEP]
    source = checkpoints.write(tmp_path / "source", weights=weights)
    with pytest.raises(UnsupportedCheckpoint, match=r"word_embeddings\.weight' has numbers that are not finite"):
        export_model(CLS, source, tmp_path / "model")


def test_a_classifier_has_as_many_labels_as_the_config_says(tmp_path: Path) -> None:
    """transformers refuses it; so do we, whether or not that is installed."""
    source = checkpoints.write(tmp_path / "source", TINY_CROSS)
    config = json.loads((source / "config.json").read_text())
    (source / "config.json").write_text(json.dumps({**config, "id2label": {"0": "no", "1": "yes"}}))
    with pytest.raises(UnsupportedCheckpoint, match=r"classifier\.weight' has shape \(1, 32\), .* \(2, 32\)"):
        export_model(CROSS, source, tmp_path / "model")


def test_a_tensor_of_another_shape_is_named(tmp_path: Path) -> None:
    weights = checkpoints.random_weights(replace(TINY, intermediate=48))
    source = checkpoints.write(tmp_path / "source", weights=weights)
    with pytest.raises(UnsupportedCheckpoint, match=r"intermediate\.dense\.weight.*\(48, 32\)"):
        export_model(CLS, source, tmp_path / "model")


def test_an_encoder_is_not_exported_as_a_cross_encoder(tmp_path: Path) -> None:
    source = checkpoints.write(tmp_path / "source")
    with pytest.raises(UnsupportedCheckpoint, match=r"classifier\.weight"):
        export_model(CROSS, source, tmp_path / "model")
