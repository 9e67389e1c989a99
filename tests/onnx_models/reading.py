"""What a model must give, worked out another way: one text at a time, no padding, a plain numpy forward pass."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from onnx_models import set_file
from onnx_models.export import export_set, reference
from onnx_models.export.checkpoint import bert_config, open_checkpoint
from onnx_models.installed import InstalledSet, load
from onnx_models.manifest import Output
from onnx_models.specs import ModelSet, Role
from tests.onnx_models import checkpoints

Floats = NDArray[np.float32]


def states(
    models: InstalledSet, side: Role, text: str, pair: str | None = None, output: Output = "last_hidden_state"
) -> Floats:
    """The reference's output for one text, or for one pair of segments."""
    tokenizer = Tokenizer.from_file(str(source(models, side) / "tokenizer.json"))
    encoding = tokenizer.encode(text) if pair is None else tokenizer.encode(text, pair)
    feed = {
        "input_ids": np.array([encoding.ids]),
        "attention_mask": np.ones((1, len(encoding.ids)), dtype=np.int64),
        "token_type_ids": np.array([encoding.type_ids]),
    }
    checkpoint = open_checkpoint(source(models, side))
    forward = reference.compute(bert_config(checkpoint), checkpoint.tensors())
    row: Floats = forward(feed, output)[0]
    return row


def source(models: InstalledSet, side: Role) -> Path:
    """The folder of a side's checkpoint."""
    return models.folder / "source" / set_file.side_folder(models.model_set, side)


def unit(vectors: Floats) -> Floats:
    """Vectors of length 1."""
    exact = vectors.astype(np.float64)
    rows: Floats = (exact / np.sqrt((exact**2).sum(axis=-1, keepdims=True))).astype(np.float32)
    return rows


def installed(folder: Path, model_set: ModelSet) -> InstalledSet:
    """A set of one's own with random weights, exported; checkpoints that already lie in the folder are kept."""
    checkpoints.write_set(folder, model_set)
    export_set(folder)
    return load(folder)
