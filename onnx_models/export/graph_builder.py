"""Write ONNX graphs node by node, with their weights in one file that several graphs share."""

import functools
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

OPSET = 17
FUSED_DOMAIN = "com.microsoft"
INPUTS = ("input_ids", "attention_mask", "token_type_ids")

_ALIGNMENT = 4096
"""A page: onnxruntime maps the weights from the file instead of copying them."""

_WORTH_MOVING = 1024
"""Smaller tensors (scalars, shapes) stay in the graph, where onnxruntime can read them while it optimises."""


class WeightsFile:
    """The weights of a folder's graphs, written once each, in the order they are first asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stream = path.open("wb")
        self._placed: dict[str, TensorProto] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def place(self, name: str, make: Callable[[], NDArray[Any]]) -> TensorProto:
        """The initializer `name`, pointing into the file; `make` is called only the first time."""
        if name not in self._placed:
            array = np.ascontiguousarray(make())
            self._stream.write(b"\0" * (-self._stream.tell() % _ALIGNMENT))
            tensor = TensorProto(
                name=name,
                data_type=helper.np_dtype_to_tensor_dtype(array.dtype),
                dims=array.shape,
                data_location=TensorProto.EXTERNAL,
            )
            where = {"location": self.path.name, "offset": self._stream.tell(), "length": array.nbytes}
            for key, value in where.items():
                tensor.external_data.add(key=key, value=str(value))
            self._stream.write(array.data)
            self._placed[name] = tensor
        return self._placed[name]

    def move_from(self, model: onnx.ModelProto) -> None:
        """Move a finished model's large tensors here; equal tensors of several models are kept once."""
        for tensor in model.graph.initializer:
            if len(tensor.raw_data) >= _WORTH_MOVING:
                values, name = onnx.numpy_helper.to_array(tensor), tensor.name
                key = hashlib.sha256(tensor.raw_data).hexdigest()
                tensor.CopyFrom(self.place(f"{key} {values.shape}", functools.partial(_same, values)))
                tensor.name = name


class GraphBuilder:
    """One graph under construction: each method adds something and returns the name of its value."""

    def __init__(self, weights: WeightsFile) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: dict[str, TensorProto] = {}

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output."""
        return self.nodes(operator, inputs, 1, domain=domain, **attributes)[0]

    def fused(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of onnxruntime's own operators."""
        return self.node(operator, *inputs, domain=FUSED_DOMAIN, **attributes)

    def nodes(
        self, operator: str, inputs: Sequence[str], outputs: int, *, domain: str = "", **attributes: Any
    ) -> list[str]:
        """Add a node with several outputs."""
        label = f"{operator}_{len(self._nodes)}"
        names = [f"{label}_{index}" for index in range(outputs)]
        self._nodes.append(helper.make_node(operator, inputs, names, name=label, domain=domain, **attributes))
        return names

    def weight(self, name: str, make: Callable[[], NDArray[np.float32]]) -> str:
        """A trained tensor, kept in the shared weights file."""
        self._initializers[name] = self._weights.place(name, make)
        return name

    def to_int32(self, value: str) -> str:
        """A value as int32, which the fused operators read."""
        return self.node("Cast", value, to=TensorProto.INT32)

    def integers(self, *values: int) -> str:
        """A vector of int64: axes or bounds."""
        name = "integers_" + "_".join(str(value) for value in values)
        array = np.asarray(values, dtype=np.int64)
        self._initializers[name] = onnx.numpy_helper.from_array(array, name)
        return name

    def model(self, output: str, value: str, shape: Sequence[str | int]) -> onnx.ModelProto:
        """The finished model: `value` becomes its output `output`; the inputs are always the three.

        The output passes through a cast to float32, so that the weights can be made float16 and nothing else.
        """
        self._nodes.append(helper.make_node("Cast", [value], [output], name=output, to=TensorProto.FLOAT))
        graph = helper.make_graph(
            self._nodes,
            "biocpt",
            [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"]) for name in INPUTS],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
            list(self._initializers.values()),
        )
        domains = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED_DOMAIN, 1)]
        return helper.make_model(graph, opset_imports=domains, ir_version=8, producer_name="biocpt-search")


def _same(values: NDArray[Any]) -> NDArray[Any]:
    return values
