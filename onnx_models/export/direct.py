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
    pooled = graph.node("Tanh", layers.linear("pooler.dense", cls, bert.config.hidden_size))
    return graph.model(output, layers.linear("classifier", pooled, bert.config.labels), ["batch", bert.config.labels])


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
        names, hidden = self._self_attention(layer), self.config.hidden_size
        attended = self.graph.fused(
            "Attention",
            states,
            self._matrix((hidden, hidden), *names),
            self._biases(hidden, *names),
            self.mask,
            num_heads=self.config.heads,
        )
        return self._after_attention(layer, attended, states)

    def cls_layer(self, number: int, states: str) -> str:
        """One layer for the first token, which attends to every token: (batch, 1, hidden)."""
        layer = f"encoder.layer.{number}"
        first, second = self.graph.integers(0), self.graph.integers(1)
        cls = self.graph.node("Slice", states, first, second, second)
        names, hidden = self._self_attention(layer), self.config.hidden_size
        rows = zip((cls, states, states), names, strict=True)
        projected = [self.graph.node("MatMul", value, self._matrix((hidden, hidden), name)) for value, name in rows]
        attended = self.graph.fused(
            "MultiHeadAttention", *projected, self._biases(hidden, *names), self.mask, num_heads=self.config.heads
        )
        return self._after_attention(layer, attended, cls)

    def linear(self, name: str, value: str, width: int) -> str:
        """value · Wᵀ + b of this width, for the heads on top."""
        product = self.graph.node("MatMul", value, self._matrix((width, self.config.hidden_size), name))
        return self.graph.node("Add", product, self._biases(width, name))

    def _after_attention(self, layer: str, attended: str, residual: str) -> str:
        hidden, wide = self.config.hidden_size, self.config.intermediate_size
        states = self._add_and_normalise(f"{layer}.attention.output", hidden, attended, residual)
        inner = self.graph.node("MatMul", states, self._matrix((wide, hidden), f"{layer}.intermediate.dense"))
        inner = self._activate(inner, self._biases(wide, f"{layer}.intermediate.dense"))
        return self._add_and_normalise(f"{layer}.output", wide, inner, states)

    def _add_and_normalise(self, name: str, inputs: int, value: str, residual: str) -> str:
        """LayerNorm(value · Wᵀ + b + residual), of a value that is `inputs` wide."""
        hidden = self.config.hidden_size
        product = self.graph.node("MatMul", value, self._matrix((hidden, inputs), f"{name}.dense"))
        return self.graph.fused(
            "SkipLayerNormalization",
            product,
            residual,
            *self._norm(f"{name}.LayerNorm"),
            self._biases(hidden, f"{name}.dense"),
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

    def _matrix(self, shape: tuple[int, int], *names: str) -> str:
        """Linear layers of one shape side by side, turned from (out, in), as torch keeps them, to (in, out)."""
        return self.graph.weight(
            _joined(names, "weight"),
            lambda: np.concatenate([self._tensor(f"{name}.weight", shape) for name in names]).T,
        )

    def _biases(self, width: int, *names: str) -> str:
        """Linear layers' biases, one after the other."""
        return self.graph.weight(
            _joined(names, "bias"), lambda: np.concatenate([self._tensor(f"{name}.bias", (width,)) for name in names])
        )

    def _weight(self, name: str, *shape: int) -> str:
        """A tensor as it is in the checkpoint."""
        return self.graph.weight(name, lambda: self._tensor(name, shape))

    def _tensor(self, name: str, shape: tuple[int, ...]) -> Array:
        tensor = self.tensors[name]
        if tensor.shape != shape:
            raise self.tensors.wrong_shape(name, shape)
        if not np.isfinite(tensor).all():
            raise self.tensors.not_finite(name)
        return tensor


def _joined(names: tuple[str, ...], part: str) -> str:
    first, *others = names
    return "+".join([first, *(name.rsplit(".", 1)[1] for name in others)]) + f".{part}"
