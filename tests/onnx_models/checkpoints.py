"""Random BERT checkpoints of any shape, written as Hugging Face lays them out, and whole installed sets of them."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tokenizers
from numpy.typing import NDArray
from safetensors.numpy import save_file

from onnx_models import set_file
from onnx_models.drift_texts import PASSAGES, QUERIES
from onnx_models.export import export_set
from onnx_models.installed import InstalledSet, load, sets_folder
from onnx_models.specs import KNOWN_SETS, ModelSet

Weights = dict[str, NDArray[np.float32]]

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""In MedCPT's order: ids 0 to 4."""

WORDS = (
    "the of and in with for to a is was were on by patients cells treatment disease cancer heart blood kidney lung "
    "liver brain insulin glucose statin statins aspirin trial risk mortality infection virus vaccine protein gene "
    "mutation expression receptor inhibitor therapy clinical study effect children women breast tumour diabetes "
    "asthma stroke pressure pain sleep diet muscle bone skin immune bacteria resistance antibiotic surgery survival"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The size of a checkpoint."""

    layers: int = 2
    hidden: int = 32
    heads: int = 4
    intermediate: int = 64
    positions: int = 128
    vocabulary: int = 160
    token_types: int = 2
    labels: int = 0
    """Logits of a classifier on top; 0 for an encoder."""
    activation: str = "gelu"
    deviation: float = 0.2
    """Of the random weights. BERT starts at .02; at 32 dimensions it takes more for texts to differ."""


TINY = Shape()
TINY_CROSS = Shape(labels=1)
MEDCPT = Shape(
    layers=12,
    hidden=768,
    heads=12,
    intermediate=3072,
    positions=512,
    vocabulary=30522,
    deviation=0.02,
)


def random_weights(shape: Shape, *, seed: int = 0) -> Weights:
    """Weights under transformers' names without the `bert.`; biases and norms are random too, so that each counts."""
    rng = np.random.default_rng(seed)
    weights: Weights = {}

    def matrix(name: str, *dimensions: int) -> None:
        weights[name] = rng.standard_normal(dimensions, dtype=np.float32) * np.float32(shape.deviation)

    def linear(name: str, outputs: int, inputs: int) -> None:
        matrix(f"{name}.weight", outputs, inputs)
        matrix(f"{name}.bias", outputs)

    def norm(name: str) -> None:
        matrix(f"{name}.weight", shape.hidden)
        weights[f"{name}.weight"] += np.float32(1.0)
        matrix(f"{name}.bias", shape.hidden)

    for table, rows in (
        ("word", shape.vocabulary),
        ("position", shape.positions),
        ("token_type", shape.token_types),
    ):
        matrix(f"embeddings.{table}_embeddings.weight", rows, shape.hidden)
    norm("embeddings.LayerNorm")
    for number in range(shape.layers):
        layer = f"encoder.layer.{number}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            linear(f"{layer}.attention.{part}", shape.hidden, shape.hidden)
        norm(f"{layer}.attention.output.LayerNorm")
        linear(f"{layer}.intermediate.dense", shape.intermediate, shape.hidden)
        linear(f"{layer}.output.dense", shape.hidden, shape.intermediate)
        norm(f"{layer}.output.LayerNorm")
    linear("pooler.dense", shape.hidden, shape.hidden)
    if shape.labels:
        linear("classifier", shape.labels, shape.hidden)
    return weights


def give_texts_a_direction(weights: Weights, shape: Shape, *, strength: float, seed: int = 0) -> Weights:
    """Add to random weights what makes texts differ as they do in a trained model: along one direction.

    Each word has its own amount of the direction; the first attention layer carries the mean amount of the
    words to [CLS], and the classifier reads it. Without it, random logits differ by little more than rounding does.
    """
    rng = np.random.default_rng(seed)
    direction = rng.standard_normal(shape.hidden).astype(np.float32)
    direction /= np.linalg.norm(direction)
    carry = np.float32(strength) * np.outer(direction, direction)
    amounts = rng.standard_normal(shape.vocabulary).astype(np.float32)
    changed = dict(weights)
    words = "embeddings.word_embeddings.weight"
    scale = np.linalg.norm(weights[words], axis=1).mean()
    changed[words] = weights[words] + scale * np.outer(amounts, direction)
    for name in ("encoder.layer.0.attention.self.value", "encoder.layer.0.attention.output.dense", "pooler.dense"):
        changed[f"{name}.weight"] = weights[f"{name}.weight"] + carry
    changed["classifier.weight"] = np.tile(direction, (shape.labels, 1))
    return changed


def config(shape: Shape) -> dict[str, Any]:
    """A config.json as transformers writes it."""
    return {
        "architectures": ["BertForSequenceClassification" if shape.labels else "BertModel"],
        "model_type": "bert",
        "hidden_size": shape.hidden,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "intermediate_size": shape.intermediate,
        "hidden_act": shape.activation,
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": shape.positions,
        "type_vocab_size": shape.token_types,
        "vocab_size": shape.vocabulary,
        "id2label": {str(number): f"LABEL_{number}" for number in range(max(1, shape.labels))},
        "pad_token_id": 0,
    }


def vocabulary(size: int = TINY.vocabulary) -> list[str]:
    """Special tokens, letters, digits, word pieces and words of the field, as many as there is room for."""
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    pieces = (f"##{letter}" for letter in letters)
    texts = " ".join([*QUERIES, *(part for passage in PASSAGES for part in passage)]).lower()
    words = [*WORDS.split(), *re.findall(r"[a-z]+", texts)]
    return list(dict.fromkeys([*SPECIAL, *letters, *pieces, *"0123456789.,-()", *words]))[:size]


def write(
    folder: Path,
    shape: Shape = TINY,
    *,
    seed: int = 0,
    weights: Weights | None = None,
    file: Literal["model.safetensors", "pytorch_model.bin"] = "model.safetensors",
    tokenizer: Literal["tokenizer.json", "vocab.txt"] = "tokenizer.json",
) -> Path:
    """Write a checkpoint folder; `pytorch_model.bin` needs torch. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config(shape)))
    named = random_weights(shape, seed=seed) if weights is None else weights
    if shape.labels:  # as BertForSequenceClassification saves them
        named = {name if name.startswith("classifier") else f"bert.{name}": value for name, value in named.items()}
    if file == "model.safetensors":
        save_file(named, folder / file)
    else:
        import torch

        torch.save({name: torch.from_numpy(value) for name, value in named.items()}, folder / file)
    if tokenizer == "vocab.txt":
        (folder / tokenizer).write_text("\n".join(vocabulary(shape.vocabulary)) + "\n")
    else:
        words = {word: number for number, word in enumerate(vocabulary(shape.vocabulary))}
        tokenizers.BertWordPieceTokenizer(words, lowercase=True).save(str(folder / tokenizer))
    return folder


def write_set(folder: Path, model_set: ModelSet, shape: Shape = TINY) -> Path:
    """A set's folder with set.toml and a random checkpoint a side, not exported yet. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    set_file.write(folder, model_set)
    for seed, side in enumerate(set_file.SIDES):
        if set_file.side_of(model_set, side) is not None:
            place = folder / "source" / set_file.side_folder(model_set, side)
            if not place.exists():
                write(place, replace(shape, labels=1) if side == "cross" else shape, seed=seed)
    return folder


def install(home: Path, name: str = "medcpt", shape: Shape = TINY) -> InstalledSet:
    """A known set with random weights, exported and ready: `find(home, name)` opens it from now on."""
    folder = write_set(sets_folder(home) / name, KNOWN_SETS[name], shape)
    export_set(folder)
    return load(folder)


def install_medcpt_shape(home: Path) -> InstalledSet:
    """MedCPT's set at its real size, exported; takes a minute of one core and 2.6 GB of disk."""
    folder = sets_folder(home) / "medcpt"
    folder.mkdir(parents=True)
    set_file.write(folder, KNOWN_SETS["medcpt"])
    weights = random_weights(MEDCPT)  # drawn once: the sides differ in their position embeddings, which is cheap
    cross_shape = replace(MEDCPT, labels=1)
    head = {"classifier.weight": np.zeros((1, 768), np.float32), "classifier.bias": np.zeros(1, np.float32)}
    positions = "embeddings.position_embeddings.weight"
    write(folder / "source" / "query", MEDCPT, weights=weights)
    write(folder / "source" / "article", MEDCPT, weights={**weights, positions: -weights[positions]})
    cross = give_texts_a_direction({**weights, **head}, cross_shape, strength=2.0)
    write(folder / "source" / "cross", cross_shape, weights=cross)
    export_set(folder)
    return load(folder)
