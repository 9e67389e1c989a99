"""BERT checkpoints straight to ONNX, with numpy and onnx alone: no torch, and nothing left to fuse.

The graph follows Devlin et al. (NAACL 2019): embeddings, then layers of self-attention and a two-layer network,
each added to its input and normalised. It uses onnxruntime's contributed operators, which OpenVINO reads as well.
Where only [CLS] is read, the last layer is computed for [CLS] alone: no other token can reach the output, so
this is exact.
"""

from dataclasses import dataclass

import numpy as np
import onnx

from onnx_models.export.checkpoint import Array, BertConfig, Tensors
from onnx_models.export.graph_builder import FUSED_DOMAIN, GraphBuilder, WeightsFile
from onnx_models.manifest import Output


@dataclass(frozen=True, slots=True)
class Bert:
    """A BERT checkpoint ready to be written as graphs."""

    config: BertConfig
    tensors: Tensors

    @property
    def labels(self) -> int:
        """How many logits its classifier gives; 0 where it has none."""
        return self.tensors["classifier.weight"].shape[0] if "classifier.weight" in self.tensors else 0


def build(bert: Bert, weights: WeightsFile, output: Output) -> onnx.ModelProto:
    """One graph of a checkpoint; its weights go to (or are found in) `weights`.

    Args:
        output: `cls` (batch, hidden), `last_hidden_state` (batch, length, hidden) or `logits` (batch, labels).

    Raises:
        UnsupportedCheckpoint: a tensor is missing, or has another shape than the config says.
    """
    graph = GraphBuilder(weights)
    layers = _Layers(graph, bert)
    states = layers.embeddings()
    for number in range(bert.config.layers - 1):
        states = layers.layer(number, states)
    last = bert.config.layers - 1
    if output == "last_hidden_state":
        return graph.model(output, layers.layer(last, states), ["batch", "length", bert.config.hidden_size])
    cls = graph.node("Squeeze", layers.cls_layer(last, states), graph.integers(1))
    if output == "cls":
        return graph.model(output, cls, ["batch", bert.config.hidden_size])
    pooled = graph.node("Tanh", layers.linear("pooler.dense", cls))
    return graph.model(output, layers.linear("classifier", pooled), ["batch", bert.labels])


class _Layers:
    """The parts of one BERT as nodes of one graph."""

    def __init__(self, graph: GraphBuilder, bert: Bert) -> None:
        self.graph = graph
        self.config = bert.config
        self.tensors = bert.tensors
        self.ids = graph.to_int32("input_ids")
        self.mask = graph.to_int32("attention_mask")
        self.types = graph.to_int32("token_type_ids")

    def embeddings(self) -> str:
        """Word, position and segment embeddings, added and normalised: (batch, length, hidden)."""
        hidden = self.config.hidden_size
        rows = {
            "word": self.config.vocabulary,
            "position": self.config.max_positions,
            "token_type": self.config.token_types,
        }
        tables = [self._weight(f"embeddings.{kind}_embeddings.weight", count, hidden) for kind, count in rows.items()]
        inputs = [self.ids, self.types, *tables, *self._norm("embeddings.LayerNorm")]
        states, _lengths = self.graph.nodes(
            "EmbedLayerNormalization", inputs, 2, domain=FUSED_DOMAIN, epsilon=self.config.epsilon
        )
        return states

    def layer(self, number: int, states: str) -> str:
        """One layer for every token: (batch, length, hidden)."""
        layer = f"encoder.layer.{number}"
        names = self._self_attention(layer)
        attended = self.graph.fused(
            "Attention",
            states,
            self._matrix(self.config.hidden_size, *names),
            self._biases(*names),
            self.mask,
            num_heads=self.config.heads,
        )
        return self._after_attention(layer, attended, states)

    def cls_layer(self, number: int, states: str) -> str:
        """One layer for the first token, which attends to every token: (batch, 1, hidden)."""
        layer = f"encoder.layer.{number}"
        first, second = self.graph.integers(0), self.graph.integers(1)
        cls = self.graph.node("Slice", states, first, second, second)
        names = self._self_attention(layer)
        rows = zip((cls, states, states), names, strict=True)
        projected = [
            self.graph.node("MatMul", value, self._matrix(self.config.hidden_size, name)) for value, name in rows
        ]
        attended = self.graph.fused(
            "MultiHeadAttention", *projected, self._biases(*names), self.mask, num_heads=self.config.heads
        )
        return self._after_attention(layer, attended, cls)

    def linear(self, name: str, value: str) -> str:
        """value · Wᵀ + b, for the heads on top."""
        product = self.graph.node("MatMul", value, self._matrix(None, name))
        return self.graph.node("Add", product, self._biases(name))

    def _after_attention(self, layer: str, attended: str, residual: str) -> str:
        hidden, wide = self.config.hidden_size, self.config.intermediate_size
        states = self._add_and_normalise(f"{layer}.attention.output", hidden, attended, residual)
        inner = self.graph.node("MatMul", states, self._matrix(wide, f"{layer}.intermediate.dense"))
        inner = self._activate(inner, self._biases(f"{layer}.intermediate.dense"))
        return self._add_and_normalise(f"{layer}.output", hidden, inner, states)

    def _add_and_normalise(self, name: str, width: int, value: str, residual: str) -> str:
        """LayerNorm(value · Wᵀ + b + residual)."""
        product = self.graph.node("MatMul", value, self._matrix(width, f"{name}.dense"))
        return self.graph.fused(
            "SkipLayerNormalization",
            product,
            residual,
            *self._norm(f"{name}.LayerNorm"),
            self._biases(f"{name}.dense"),
            epsilon=self.config.epsilon,
        )

    def _activate(self, value: str, bias: str) -> str:
        match self.config.activation:
            case "gelu":
                return self.graph.fused("BiasGelu", value, bias)
            case "tanh_gelu":
                return self.graph.fused("FastGelu", value, bias)
            case "relu":
                return self.graph.node("Relu", self.graph.node("Add", value, bias))

    def _self_attention(self, layer: str) -> tuple[str, str, str]:
        prefix = f"{layer}.attention.self"
        return f"{prefix}.query", f"{prefix}.key", f"{prefix}.value"

    def _norm(self, name: str) -> tuple[str, str]:
        hidden = self.config.hidden_size
        return self._weight(f"{name}.weight", hidden), self._weight(f"{name}.bias", hidden)

    def _matrix(self, width: int | None, *names: str) -> str:
        """Linear layers side by side, turned from (out, in), as torch keeps them, to (in, out)."""

        def make() -> Array:
            parts = [self.tensors[f"{name}.weight"] for name in names]
            for part, name in zip(parts, names, strict=True):
                if part.ndim != 2 or width not in (None, part.shape[0]):
                    raise self.tensors.wrong_shape(f"{name}.weight", (width or 0, part.shape[-1]))
            return np.concatenate(parts).T

        return self.graph.weight(_joined(names, "weight"), make)

    def _biases(self, *names: str) -> str:
        """Linear layers' biases, one after the other."""
        return self.graph.weight(
            _joined(names, "bias"), lambda: np.concatenate([self.tensors[f"{name}.bias"] for name in names])
        )

    def _weight(self, name: str, *shape: int) -> str:
        """A tensor as it is in the checkpoint."""

        def make() -> Array:
            tensor = self.tensors[name]
            if tensor.shape != shape:
                raise self.tensors.wrong_shape(name, shape)
            return tensor

        return self.graph.weight(name, make)


def _joined(names: tuple[str, ...], part: str) -> str:
    first, *others = names
    return "+".join([first, *(name.rsplit(".", 1)[1] for name in others)]) + f".{part}"
