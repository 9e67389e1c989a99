"""Reading checkpoint folders: number types, and everything that can be wrong with one."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from onnx_models.errors import MissingExtra, ModelError, UnsupportedCheckpoint
from onnx_models.export.checkpoint import bert_config, open_checkpoint
from onnx_models.export.job import accepted_input
from tests.onnx_models import checkpoints
from tests.onnx_models.checkpoints import TINY

NAME = "embeddings.LayerNorm.weight"


def _set(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_half_precision_weights_are_read_as_float32(tmp_path: Path) -> None:
    halves = {name: value.astype(np.float16) for name, value in checkpoints.random_weights(TINY).items()}
    checkpoints.write(tmp_path)
    save_file(halves, tmp_path / "model.safetensors")
    tensor = open_checkpoint(tmp_path).tensors()[NAME]
    assert tensor.dtype == np.float32
    np.testing.assert_array_equal(tensor, halves[NAME].astype(np.float32))


def test_bfloat16_weights_are_read_as_float32(tmp_path: Path) -> None:
    """bfloat16 is the upper half of a float32: 1.0 is 3F80, −2.5 is C020, 0.15625 is 3E20."""
    checkpoints.write(tmp_path)
    data = struct.pack("<3H", 0x3F80, 0xC020, 0x3E20)
    header = json.dumps({"x": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}).encode()
    (tmp_path / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + data)
    assert open_checkpoint(tmp_path).tensors()["x"].tolist() == [1.0, -2.5, 0.15625]


def test_pickled_weights_are_read_by_torch(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    checkpoints.write(tmp_path, file="pytorch_model.bin")
    expected = checkpoints.random_weights(TINY)
    tensors = open_checkpoint(tmp_path).tensors()
    assert set(tensors) == set(expected)
    np.testing.assert_array_equal(tensors[NAME], expected[NAME])


def test_pickled_weights_without_torch_name_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoints.write(tmp_path)
    (tmp_path / "model.safetensors").rename(tmp_path / "pytorch_model.bin")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(MissingExtra, match=r"biocpt-search\[export\]"):
        open_checkpoint(tmp_path).tensors()


def test_a_pickle_that_runs_code_is_refused(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    checkpoints.write(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    _Attack.target = tmp_path / "attacked"
    torch.save({"x": _Attack()}, tmp_path / "pytorch_model.bin")
    with pytest.raises(UnsupportedCheckpoint, match="cannot be read"):
        open_checkpoint(tmp_path).tensors()
    assert not _Attack.target.exists()


class _Attack:
    target = Path()

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (_Attack.target,)


def _read(folder: Path) -> None:
    checkpoint = open_checkpoint(folder)
    accepted_input(checkpoint)
    bert_config(checkpoint)
    checkpoint.tensors()


def _truncate(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no config": (lambda folder: (folder / "config.json").unlink(), "no config.json"),
    "config is no JSON": (lambda folder: (folder / "config.json").write_text("{"), "cannot be read"),
    "config is a list": (lambda folder: (folder / "config.json").write_text("[]"), "not an object"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "no weights"),
    "truncated weights": (_truncate, "model.safetensors cannot be read"),
    "another architecture": (lambda folder: _set(folder, model_type="mpnet"), "'mpnet'.*optimum route"),
    "relative positions": (lambda folder: _set(folder, position_embedding_type="relative_key"), "relative_key"),
    "a decoder": (lambda folder: _set(folder, is_decoder=True), "decoder"),
    "unknown activation": (lambda folder: _set(folder, hidden_act="silu"), "silu.*gelu"),
    "heads do not divide": (lambda folder: _set(folder, num_attention_heads=5), "not a multiple"),
    "activations": (lambda folder: _set(folder, hidden_act=["gelu"]), r"\['gelu'\].*gelu_new"),
    "epsilon as text": (lambda folder: _set(folder, layer_norm_eps="abc"), "layer_norm_eps = 'abc'"),
    "no epsilon": (lambda folder: _set(folder, layer_norm_eps=None), "layer_norm_eps = None"),
    "negative epsilon": (lambda folder: _set(folder, layer_norm_eps=-1), "layer_norm_eps = -1"),
    "no segments": (lambda folder: _set(folder, type_vocab_size=None), "type_vocab_size = None"),
    "segments as text": (lambda folder: _set(folder, type_vocab_size="two"), "type_vocab_size = 'two'"),
    "labels as text": (lambda folder: _set(folder, id2label=None, num_labels="one"), "num_labels = 'one'"),
    "no padding": (lambda folder: _set(folder, model_type="roberta", pad_token_id=None), "pad_token_id = None"),
    "no size": (lambda folder: _set(folder, hidden_size=None), "hidden_size = None"),
}


@pytest.mark.parametrize(("damage", "message"), BROKEN.values(), ids=BROKEN)
def test_a_checkpoint_that_cannot_be_used_is_one_clear_line(
    tmp_path: Path, damage: Callable[[Path], object], message: str
) -> None:
    checkpoints.write(tmp_path)
    damage(tmp_path)
    with pytest.raises(ModelError, match=message) as raised:
        _read(tmp_path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("classes", "name"), [(["BertModel"], "BertModel"), ([], "bert"), (5, "bert"), (None, "bert")])
def test_a_checkpoint_without_class_names_goes_by_its_type(tmp_path: Path, classes: object, name: str) -> None:
    checkpoints.write(tmp_path)
    _set(tmp_path, architectures=classes)
    assert open_checkpoint(tmp_path).architecture == name


@pytest.mark.parametrize(
    ("modules", "said"),
    [
        ('[{"type": "sentence_transformers.models.Dense"}]', "a layer behind the encoder, 'Dense'"),
        ('{"type": ', "modules.json cannot be read"),
        ('{"type": "Pooling"}', "modules.json cannot be read"),
    ],
)
def test_a_model_with_further_layers_is_refused(tmp_path: Path, modules: str, said: str) -> None:
    checkpoints.write(tmp_path)
    (tmp_path / "modules.json").write_text(modules)
    with pytest.raises(UnsupportedCheckpoint, match=said):
        open_checkpoint(tmp_path)


def test_pooling_and_normalising_are_no_further_layers(tmp_path: Path) -> None:
    checkpoints.write(tmp_path)
    kinds = [{"type": f"sentence_transformers.models.{kind}"} for kind in ("Transformer", "Pooling", "Normalize")]
    (tmp_path / "modules.json").write_text(json.dumps(kinds))
    assert open_checkpoint(tmp_path).is_safetensors
