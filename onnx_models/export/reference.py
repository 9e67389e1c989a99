"""BERT's forward pass in plain numpy: what an export is compared with where torch is not installed.

Written from the paper's equations (Devlin et al., NAACL 2019; Vaswani et al., NeurIPS 2017), one head and one row
at a time, and apart from `direct`, so that a mistake in one is not repeated in the other.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from onnx_models.export.checkpoint import Activation, Array, BertConfig
from onnx_models.manifest import Output
from onnx_models.verify import Feed

NAME = "numpy forward pass"

Weights = Mapping[str, Array]

_ERF_STEP = 1.0 / 4096.0
_ERF_GRID = np.arange(-6.0, 6.0 + _ERF_STEP, _ERF_STEP)
_ERF = np.array([math.erf(x) for x in _ERF_GRID])
"""math.erf at steps so fine that a straight line between two of them is within 1e-8."""


def compute(config: BertConfig, tensors: Weights) -> Callable[[Feed, Output], Array]:
    """The forward pass as a function of the inputs; float32 throughout."""
    loaded = {name: tensors[name] for name in tensors}

    def forward(feed: Feed, output: Output) -> Array:
        with np.errstate(over="ignore", invalid="ignore"):  # parity refuses what is not finite
            rows = [_row(config, loaded, feed, row) for row in range(len(feed["input_ids"]))]
        length = feed["input_ids"].shape[1]
        states = np.stack([np.pad(row, ((0, length - len(row)), (0, 0))) for row in rows])
        match output:
            case "last_hidden_state":
                return states
            case "cls":
                return states[:, 0]
            case "logits":
                pooled = np.tanh(_linear(loaded, "pooler.dense", states[:, 0]))
                return _linear(loaded, "classifier", pooled)

    return forward


def _row(config: BertConfig, tensors: Weights, feed: Feed, row: int) -> Array:
    """The last hidden states of one text's real tokens: (tokens, hidden). Padding is left out, not masked."""
    real = feed["attention_mask"][row] == 1
    ids, segments = feed["input_ids"][row][real], feed["token_type_ids"][row][real]
    states = (
        tensors["embeddings.word_embeddings.weight"][ids]
        + tensors["embeddings.position_embeddings.weight"][np.flatnonzero(real)]
        + tensors["embeddings.token_type_embeddings.weight"][segments]
    )
    states = _normalise(config, tensors, "embeddings.LayerNorm", states)
    for number in range(config.layers):
        states = _layer(config, tensors, f"encoder.layer.{number}", states)
    return states


def _layer(config: BertConfig, tensors: Weights, layer: str, states: Array) -> Array:
    query, key, value = (
        _linear(tensors, f"{layer}.attention.self.{part}", states) for part in ("query", "key", "value")
    )
    width = config.hidden_size // config.heads
    context = np.empty_like(states)
    for head in range(config.heads):
        columns = slice(head * width, (head + 1) * width)
        scores = query[:, columns] @ key[:, columns].T / np.float32(math.sqrt(width))
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        context[:, columns] = weights / weights.sum(axis=1, keepdims=True) @ value[:, columns]
    attended = _linear(tensors, f"{layer}.attention.output.dense", context) + states
    attended = _normalise(config, tensors, f"{layer}.attention.output.LayerNorm", attended)
    inner = _ACTIVATIONS[config.activation](_linear(tensors, f"{layer}.intermediate.dense", attended))
    outer = _linear(tensors, f"{layer}.output.dense", inner) + attended
    return _normalise(config, tensors, f"{layer}.output.LayerNorm", outer)


def _linear(tensors: Weights, name: str, values: Array) -> Array:
    return values @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]


def _normalise(config: BertConfig, tensors: Weights, name: str, values: Array) -> Array:
    centred = values - values.mean(axis=-1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(config.epsilon))
    return np.asarray(centred / deviation * tensors[f"{name}.weight"] + tensors[f"{name}.bias"], dtype=np.float32)


def _gelu(values: Array) -> Array:
    error = np.interp(values.ravel() / math.sqrt(2.0), _ERF_GRID, _ERF).reshape(values.shape)
    gelu: Array = (values * 0.5 * (1.0 + error)).astype(np.float32)
    return gelu


def _tanh_gelu(values: Array) -> Array:
    inner = math.sqrt(2.0 / math.pi) * (values + 0.044715 * values**3)
    return np.asarray(values * 0.5 * (1.0 + np.tanh(inner)), dtype=np.float32)


def _relu(values: Array) -> Array:
    return np.asarray(np.maximum(values, 0.0), dtype=np.float32)


_ACTIVATIONS: dict[Activation, Callable[[Array], Array]] = {
    "gelu": _gelu,
    "tanh_gelu": _tanh_gelu,
    "relu": _relu,
}
