"""int8 and fp16: close to fp32, recorded in the manifest, refused when they drift."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from onnx_models import drift, set_file, verify
from onnx_models.drift import kendall_tau
from onnx_models.drift_texts import PASSAGES
from onnx_models.errors import DriftTooLarge
from onnx_models.export import export_set
from onnx_models.installed import InstalledSet, load
from onnx_models.int8 import per_column
from onnx_models.quantize import Reduced, quantize_set
from onnx_models.runtime import RunOptions
from onnx_models.session import OnnxSession
from onnx_models.specs import KNOWN_SETS
from onnx_models.tokenizer import TextTokenizer, cut_batches
from onnx_models.verify import InputRange
from tests.onnx_models import checkpoints
from tests.onnx_models.checkpoints import Shape

SHAPE = Shape(hidden=64, intermediate=128, vocabulary=600, positions=256, deviation=0.05)


@pytest.fixture
def medcpt(tmp_path: Path) -> InstalledSet:
    folder = checkpoints.write_set(tmp_path / "medcpt", KNOWN_SETS["medcpt"], SHAPE)
    shape = replace(SHAPE, labels=1)
    weights = checkpoints.give_texts_a_direction(checkpoints.random_weights(shape), shape, strength=2.0)
    checkpoints.write(folder / "source" / "cross", shape, weights=weights)
    export_set(folder)
    return load(folder)


@pytest.mark.parametrize("precision", ["int8", "fp16"])
def test_every_side_gets_the_precision_with_its_drift_in_the_manifest(medcpt: InstalledSet, precision: Reduced) -> None:
    quantize_set(medcpt, precision)
    models = load(medcpt.folder)
    assert models.cross is not None
    assert models.cross.manifest.graphs[precision].figures["kendall_tau"] >= 0.95
    for model in (models.query, models.article):
        assert model.manifest.graphs[precision].figures["mean_cosine"] >= 0.99
        assert model.graph(precision).name == f"model.{precision}.onnx"


def test_the_fingerprint_and_the_fp32_graph_stay(medcpt: InstalledSet) -> None:
    quantize_set(medcpt, "int8")
    after = load(medcpt.folder)
    assert after.article.fingerprint == medcpt.article.fingerprint
    assert after.article.manifest.graphs["fp32"] == medcpt.article.manifest.graphs["fp32"]


def test_int8_weights_are_signed_and_have_a_scale_a_channel(medcpt: InstalledSet) -> None:
    quantize_set(medcpt, "int8")
    graph = onnx.load(load(medcpt.folder).article.graph("int8")).graph
    assert {"QAttention", "MatMulInteger"} <= {node.op_type for node in graph.node}
    weights = [tensor for tensor in graph.initializer if tensor.name.endswith("weight_quantized")]
    assert weights
    assert {tensor.data_type for tensor in weights} == {onnx.TensorProto.INT8}
    scales = {tensor.name: tensor.dims[0] for tensor in graph.initializer if tensor.name.endswith("weight_scale")}
    assert scales["encoder.layer.0.intermediate.dense.weight_scale"] == SHAPE.intermediate


def test_the_head_of_a_reranker_is_not_quantised(medcpt: InstalledSet) -> None:
    quantize_set(medcpt, "int8")
    models = load(medcpt.folder)
    assert models.cross is not None
    graph = onnx.load(models.cross.graph("int8"), load_external_data=False).graph
    names = {tensor.name: tensor.data_type for tensor in graph.initializer}
    assert names["classifier.weight"] == names["pooler.dense.weight"] == onnx.TensorProto.FLOAT


def test_fp16_halves_the_weights(medcpt: InstalledSet) -> None:
    quantize_set(medcpt, "fp16")
    graphs = load(medcpt.folder).article.manifest.graphs
    full, half = (graphs[name].files[1].bytes for name in ("fp32", "fp16"))
    assert half < 0.7 * full  # alignment to pages counts in so small a model


def test_token_graphs_are_quantised_too(tmp_path: Path) -> None:
    folder = checkpoints.write_set(tmp_path / "bge-small", KNOWN_SETS["bge-small"], SHAPE)
    export_set(folder)
    quantize_set(load(folder), "int8")
    models = load(folder)
    assert models.query.graph("int8", "tokens").name == "tokens.int8.onnx"


def test_token_graphs_have_figures_of_their_own(tmp_path: Path) -> None:
    """Worked out again from the states of one passage."""
    folder = checkpoints.write_set(tmp_path / "bge-small", KNOWN_SETS["bge-small"], SHAPE)
    export_set(folder)
    quantize_set(load(folder), "int8")
    model = load(folder).article
    figures = model.manifest.graphs["tokens-int8"].figures
    assert set(figures) == {"mean_token_cosine", "min_token_cosine"}
    tokenizer = TextTokenizer(model.tokenizer_file, model.spec, max_positions=model.manifest.max_positions)
    cosines: list[float] = []
    for passage in PASSAGES:
        (window,) = tokenizer.windows([passage])
        (batch,) = cut_batches(window, 512)
        states = [
            OnnxSession(model.graph(each, "tokens"), RunOptions(), precision=each, low_latency=True).run(batch)[0]
            for each in ("fp32", "int8")
        ]
        lengths = [np.linalg.norm(each, axis=1) for each in states]
        cosines += ((states[0] * states[1]).sum(axis=1) / lengths[0] / lengths[1]).tolist()
    assert figures["mean_token_cosine"] == pytest.approx(np.mean(cosines), abs=1e-3)  # activations scale by batch
    assert figures["min_token_cosine"] == pytest.approx(min(cosines), abs=1e-2)


def test_a_drift_below_the_limit_is_refused_and_leaves_no_file(
    medcpt: InstalledSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(drift.LIMITS, "mean_cosine", 1.1)
    before = sorted(medcpt.folder.rglob("*"))
    with pytest.raises(DriftTooLarge, match=r"int8 of 'medcpt-query'.*below 1\.1.*Keep fp32"):
        quantize_set(medcpt, "int8")
    assert sorted(medcpt.folder.rglob("*")) == before
    assert load(medcpt.folder) == medcpt


def test_a_model_that_overflows_float16_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "minilm"
    weights = checkpoints.random_weights(SHAPE)
    weights["encoder.layer.0.output.dense.weight"] *= np.float32(1e7)
    checkpoints.write(folder / "source" / "encoder", SHAPE, weights=weights)
    set_file.write(folder, KNOWN_SETS["minilm"])
    export_set(folder)
    with np.errstate(over="ignore"), pytest.raises(DriftTooLarge):
        quantize_set(load(folder), "fp16")


def test_int8_gives_what_onnxruntimes_own_quantiser_gives(medcpt: InstalledSet, tmp_path: Path) -> None:
    quantization = pytest.importorskip("onnxruntime.quantization")
    fp32, theirs = medcpt.article.graph(), tmp_path / "theirs.onnx"
    with _quiet_root_logger():
        quantization.quantize_dynamic(
            fp32,
            theirs,
            op_types_to_quantize=["MatMul", "Attention"],
            per_channel=True,
            weight_type=quantization.QuantType.QInt8,
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
    quantize_set(medcpt, "int8")
    ours = load(medcpt.folder).article.graph("int8")
    ours_by_name, theirs_by_name = (
        {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}
        for path in (ours, theirs)
    )
    quantized = [name for name in theirs_by_name if name.endswith(("_quantized", "weight_scale"))]
    assert len(quantized) >= 2 * 4 * SHAPE.layers
    for name in quantized:
        np.testing.assert_allclose(ours_by_name[name], theirs_by_name[name], rtol=1e-6, atol=1)
        assert (ours_by_name[name] == theirs_by_name[name]).mean() > 0.999
    first, second = verify.open_graph(ours), verify.open_graph(theirs)
    for feed in verify.feeds(InputRange(vocabulary=600, token_types=2, max_length=256)):
        np.testing.assert_allclose(first(feed), second(feed), atol=2e-2)


@contextmanager
def _quiet_root_logger() -> Iterator[None]:
    """onnxruntime's quantiser talks through the root logger."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def test_each_column_of_a_matrix_is_scaled_by_its_largest_weight() -> None:
    """127 steps to the largest: 1.27 and 0.5 at 0.01 a step are 127 and 50; −2.54 and 1 at 0.02 are −127 and 50."""
    values, scales = per_column(np.array([[1.27, -2.54, 0.0], [0.5, 1.0, 0.0]], dtype=np.float32))
    np.testing.assert_allclose(scales, [0.01, 0.02, 1.0], rtol=1e-6)
    assert values.tolist() == [[127, -127, 0], [50, 50, 0]]


def test_kendall_tau_of_a_worked_example() -> None:
    """1 2 3 4 against 1 3 2 4: of six pairs five agree and one does not, so (5 − 1) / 6."""
    first, second = np.array([1, 2, 3, 4], dtype=np.float32), np.array([1, 3, 2, 4], dtype=np.float32)
    assert kendall_tau(first, second) == pytest.approx(4 / 6)
    assert kendall_tau(first, first) == 1.0
    assert kendall_tau(first, -first) == -1.0


def test_kendall_tau_corrects_for_ties() -> None:
    """1 2 2 3 against 1 2 3 4: five pairs agree, one is tied in the first, so 5 / √(5·6)."""
    first, second = np.array([1, 2, 2, 3], dtype=np.float32), np.array([1, 2, 3, 4], dtype=np.float32)
    assert kendall_tau(first, second) == pytest.approx(5 / np.sqrt(30))
    constant = np.zeros(4, dtype=np.float32)
    assert kendall_tau(constant, constant) == 1.0
    assert kendall_tau(constant, first) == 0.0
