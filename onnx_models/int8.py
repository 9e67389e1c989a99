"""Dynamic int8 quantisation of a graph: weights once and signed, activations as they come.

The same numbers and nodes as onnxruntime.quantization.quantize_dynamic with QInt8 weights and a scale a channel
(a test holds the two together), computed for a whole matrix at a time: seconds for BERT-base instead of a minute.
"""

from collections.abc import Iterator

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

from onnx_models.export.graph_builder import FUSED_DOMAIN

_LARGEST = 127
"""Weights lie in −127 … 127: symmetric, so that their zero point is 0."""

_KEPT = ("pooler.", "classifier.")
"""A re-ranker's small head stays float32: it costs nothing, and its rounding would go straight into the score."""


def quantized(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its constant matrix products and fused attentions in int8; changes the model it is given."""
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    made = _Made()
    nodes = [new for node in graph.node for new in _replacement(node, weights, made)]
    used = {name for node in nodes for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend([*kept, *made.initializers.values()])
    if FUSED_DOMAIN not in {each.domain for each in model.opset_import}:
        model.opset_import.append(helper.make_opsetid(FUSED_DOMAIN, 1))
    return model


class _Made:
    """What has been made so far: quantised weights by name, and which activations are quantised already."""

    def __init__(self) -> None:
        self.initializers: dict[str, TensorProto] = {}
        self.activations: set[str] = set()

    def weight(self, tensor: TensorProto) -> tuple[str, str, str]:
        """The names of a matrix in int8, of its scales (one a column) and of its zero points."""
        names = tuple(f"{tensor.name}_{part}" for part in ("quantized", "scale", "zero_point"))
        if names[0] not in self.initializers:
            values, scales = per_column(numpy_helper.to_array(tensor))
            for name, array in zip(names, (values, scales, np.zeros(len(scales), np.int8)), strict=True):
                self.initializers[name] = numpy_helper.from_array(array, name)
        return names[0], names[1], names[2]


def per_column(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """A matrix (in, out) as int8 and one scale a column, so that int8 · scale is nearest to it."""
    scales = (np.abs(matrix).max(axis=0) / _LARGEST).astype(np.float32)
    scales[scales == 0.0] = 1.0
    return np.rint(matrix / scales).astype(np.int8), scales


def _replacement(node: NodeProto, weights: dict[str, TensorProto], made: _Made) -> Iterator[NodeProto]:
    matrix = weights.get(node.input[1]) if len(node.input) > 1 else None
    fits = matrix is not None and len(matrix.dims) == 2 and matrix.data_type == TensorProto.FLOAT
    if matrix is None or not fits or node.op_type not in ("MatMul", "Attention") or matrix.name.startswith(_KEPT):
        yield node
        return
    value, scale, zero = (f"{node.input[0]}_{part}" for part in ("quantized", "scale", "zero_point"))
    if node.input[0] not in made.activations:
        made.activations.add(node.input[0])
        yield helper.make_node("DynamicQuantizeLinear", [node.input[0]], [value, scale, zero], name=f"{value}_node")
    columns, scales, zeros = made.weight(matrix)
    if node.op_type == "Attention":
        inputs = [value, columns, node.input[2], scale, scales, node.input[3], zero, zeros]
        attention = helper.make_node("QAttention", inputs, node.output, name=node.name, domain=FUSED_DOMAIN)
        attention.attribute.extend(node.attribute)
        yield attention
        return
    name = node.output[0]
    yield helper.make_node("MatMulInteger", [value, columns, zero, zeros], [f"{name}_int"], name=f"{name}_int")
    yield helper.make_node("Cast", [f"{name}_int"], [f"{name}_float"], name=f"{name}_float", to=TensorProto.FLOAT)
    yield helper.make_node("Mul", [scale, scales], [f"{name}_scales"], name=f"{name}_scales")
    yield helper.make_node("Mul", [f"{name}_float", f"{name}_scales"], [name], name=node.name)
