"""A checkpoint folder as Hugging Face lays it out: config.json, weights and a tokenizer."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from onnx_models.errors import UnsupportedCheckpoint
from onnx_models.export import weight_files
from onnx_models.export.weight_files import TRY_OPTIMUM
from onnx_models.manifest import sha256

Array = NDArray[np.float32]
Activation = Literal["gelu", "tanh_gelu", "relu"]

_ACTIVATIONS: dict[str, Activation] = {
    "gelu": "gelu",
    "gelu_python": "gelu",
    "gelu_new": "tanh_gelu",
    "gelu_pytorch_tanh": "tanh_gelu",
    "relu": "relu",
}
_OLD_NAMES = {".gamma": ".weight", ".beta": ".bias"}
"""How TensorFlow's BERT called the two vectors of a layer normalisation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BertConfig:
    """The shape of a BERT encoder."""

    hidden_size: int
    layers: int
    heads: int
    intermediate_size: int
    vocabulary: int
    max_positions: int
    token_types: int
    activation: Activation
    epsilon: float
    labels: int
    """Of its classifier, if it has one."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """An opened checkpoint folder; weights are read one tensor at a time."""

    folder: Path
    config: Mapping[str, Any]
    weight_files: tuple[Path, ...]

    @property
    def architecture(self) -> str:
        """The class that wrote it, such as `BertModel`; the model type where the config names no class."""
        classes = self.config.get("architectures")
        named = classes[0] if isinstance(classes, list) and classes else self.config.get("model_type", "unknown")
        return str(named)

    @property
    def is_safetensors(self) -> bool:
        """Whether the weights can be read without torch."""
        return self.weight_files[0].suffix == ".safetensors"

    def weights_digest(self) -> str:
        """The SHA-256 of the weights file, as `sha256sum` prints it; joined by `+` where there are several."""
        return "+".join(sha256(path) for path in self.weight_files)

    def tensors(self) -> "Tensors":
        """Its weights by name, without the `bert.` in front.

        Raises:
            MissingExtra: the weights are a pickled `.bin`, and torch is not installed.
            UnsupportedCheckpoint: the weights cannot be read.
        """
        readers: dict[str, Callable[[], Array]] = {}
        for path in self.weight_files:
            readers.update(weight_files.read(path))
        return Tensors(self.folder, {_plain_name(name): reader for name, reader in readers.items()})

    def refuse(self, problem: str, instead: str = TRY_OPTIMUM) -> UnsupportedCheckpoint:
        """The error for something in this checkpoint that cannot be used."""
        return UnsupportedCheckpoint(folder=self.folder, problem=problem, instead=instead)


class Tensors(Mapping[str, Array]):
    """Weights by name, read when asked for, as float32."""

    def __init__(self, folder: Path, readers: Mapping[str, Callable[[], Array]]) -> None:
        self._folder = folder
        self._readers = readers

    def __getitem__(self, name: str) -> Array:
        if name not in self._readers:
            raise UnsupportedCheckpoint(folder=self._folder, problem=f"it has no tensor {name!r}", instead=TRY_OPTIMUM)
        return self._readers[name]()

    def wrong_shape(self, name: str, expected: tuple[int, ...]) -> UnsupportedCheckpoint:
        """The error for a tensor that is not of the shape that the config asks for."""
        problem = f"tensor {name!r} has shape {self[name].shape}, config.json says {expected}"
        return UnsupportedCheckpoint(folder=self._folder, problem=problem, instead="Check config.json.")

    def not_finite(self, name: str) -> UnsupportedCheckpoint:
        """The error for a tensor with infinite numbers, or with what is no number."""
        problem = f"tensor {name!r} has numbers that are not finite"
        return UnsupportedCheckpoint(folder=self._folder, problem=problem, instead="Fetch it again.")

    def __contains__(self, name: object) -> bool:
        return name in self._readers

    def __iter__(self) -> Iterator[str]:
        return iter(self._readers)

    def __len__(self) -> int:
        return len(self._readers)


def open_checkpoint(folder: Path) -> Checkpoint:
    """Open a checkpoint folder.

    Raises:
        UnsupportedCheckpoint: there is no config.json or no weights, the config is not JSON, or further layers follow.
    """
    instead = "Name a folder with config.json and model.safetensors (or pytorch_model.bin)."
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UnsupportedCheckpoint(folder=folder, problem="it has no config.json", instead=instead) from error
    except (OSError, ValueError) as error:
        problem = f"config.json cannot be read ({error})"
        raise UnsupportedCheckpoint(folder=folder, problem=problem, instead=instead) from error
    if not isinstance(config, dict):
        raise UnsupportedCheckpoint(folder=folder, problem="config.json is not an object", instead=instead)
    files = sorted(folder.glob("model*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
    if not files:
        raise UnsupportedCheckpoint(folder=folder, problem="it has no weights", instead=instead)
    _refuse_further_layers(folder)
    return Checkpoint(folder, config, tuple(files))


def _refuse_further_layers(folder: Path) -> None:
    """sentence-transformers may put layers behind the encoder (`Dense`), without which its vectors are others."""
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        kinds = [str(module["type"]).rpartition(".")[2] for module in modules]
    except FileNotFoundError:
        return
    except (OSError, ValueError, TypeError, KeyError) as error:
        problem, instead = f"modules.json cannot be read ({error})", "Download the checkpoint again."
        raise UnsupportedCheckpoint(folder=folder, problem=problem, instead=instead) from error
    further = [kind for kind in kinds if kind not in ("Transformer", "Pooling", "Normalize")]
    if further:
        problem = f"modules.json names a layer behind the encoder, {further[0]!r}, which is not exported"
        raise UnsupportedCheckpoint(folder=folder, problem=problem, instead="Use a model without it.")


def bert_config(checkpoint: Checkpoint) -> BertConfig:
    """Read the shape of a BERT from its config.

    Raises:
        UnsupportedCheckpoint: another architecture, or a BERT with a part that the direct route does not build.
    """
    config = checkpoint.config
    model_type = config.get("model_type", "bert")
    if model_type != "bert":
        raise checkpoint.refuse(f"its architecture is {model_type!r}, the direct route reads 'bert'")
    if config.get("position_embedding_type", "absolute") != "absolute":
        raise checkpoint.refuse(f"its position embeddings are {config['position_embedding_type']!r}")
    if config.get("is_decoder", False):
        raise checkpoint.refuse("it is a decoder")
    activation = config.get("hidden_act", "gelu")
    if not isinstance(activation, str) or activation not in _ACTIVATIONS:
        known = ", ".join(sorted(_ACTIVATIONS))
        raise checkpoint.refuse(f"its activation is {activation!r}, the direct route knows {known}")
    hidden, heads = _count(checkpoint, "hidden_size"), _count(checkpoint, "num_attention_heads")
    if hidden % heads:
        raise checkpoint.refuse(f"hidden_size {hidden} is not a multiple of its {heads} attention heads")
    return BertConfig(
        hidden_size=hidden,
        layers=_count(checkpoint, "num_hidden_layers"),
        heads=heads,
        intermediate_size=_count(checkpoint, "intermediate_size"),
        vocabulary=_count(checkpoint, "vocab_size"),
        max_positions=_count(checkpoint, "max_position_embeddings"),
        token_types=_count(checkpoint, "type_vocab_size"),
        activation=_ACTIVATIONS[activation],
        epsilon=_epsilon(checkpoint),
        labels=_labels(checkpoint),
    )


def whole_number(checkpoint: Checkpoint, key: str, *, default: int, least: int = 0) -> int:
    """A number from the config that may be left out, but not be garbled."""
    value = checkpoint.config.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        problem = f"config.json has {key} = {value!r}, not a whole number from {least} up"
        raise checkpoint.refuse(problem, instead="Check config.json.")
    return value


def _epsilon(checkpoint: Checkpoint) -> float:
    value = checkpoint.config.get("layer_norm_eps", 1e-12)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1:
        problem = f"config.json has layer_norm_eps = {value!r}, not a number from 0 to 1"
        raise checkpoint.refuse(problem, instead="Check config.json.")
    return float(value)


def _labels(checkpoint: Checkpoint) -> int:
    """As transformers counts them: the names in id2label, else num_labels, else two."""
    names = checkpoint.config.get("id2label")
    return len(names) if isinstance(names, dict) else whole_number(checkpoint, "num_labels", default=2)


def _count(checkpoint: Checkpoint, key: str) -> int:
    value = checkpoint.config.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise checkpoint.refuse(f"config.json has {key} = {value!r}, not a whole number from 1 up")
    return value


def _plain_name(name: str) -> str:
    name = name.removeprefix("bert.")
    for old, new in _OLD_NAMES.items():
        if name.endswith(old):
            return name.removesuffix(old) + new
    return name
