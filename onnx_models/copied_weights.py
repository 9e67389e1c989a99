"""Weights read into memory, where else onnxruntime maps their file; what several graphs have in common, once."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from onnx_models.errors import BadGraph

if TYPE_CHECKING:
    from onnx import TensorProto


class CopiedWeights:
    """The weights of graphs as arrays. Sessions read them where they are: whoever holds a session holds them too."""

    def __init__(self) -> None:
        """None yet."""
        self._read: dict[tuple[Path, str], NDArray[Any]] = {}

    def of(self, graph: Path) -> dict[str, NDArray[Any]]:
        """Name → array, of the weights that lie in files beside a graph; those of an earlier graph are not read again.

        Raises:
            BadGraph: the graph or such a file cannot be read.
        """
        import onnx
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # onnx brings it, without types

        try:
            initializers = onnx.load(str(graph), load_external_data=False).graph.initializer
            beside = [each for each in initializers if each.data_location == onnx.TensorProto.EXTERNAL]
            return {each.name: self._array(each, graph.parent.resolve()) for each in beside}
        except (DecodeError, onnx.checker.ValidationError, OSError, ValueError) as error:
            raise BadGraph(graph=graph, runtime="onnx", reason=str(error)) from error

    def _array(self, tensor: "TensorProto", folder: Path) -> NDArray[Any]:
        from onnx import numpy_helper

        where = sorted((entry.key, entry.value) for entry in tensor.external_data)
        key = folder, repr((where, tensor.data_type, list(tensor.dims)))
        if key not in self._read:
            self._read[key] = np.asarray(numpy_helper.to_array(tensor, str(folder)))
        return self._read[key]
