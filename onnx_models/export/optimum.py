"""Export through Hugging Face's optimum, for any architecture that it knows. Needs the `export` extra."""

import importlib.util
import tempfile
from pathlib import Path

import onnx
from onnx import TensorProto, helper

from onnx_models.errors import MissingExtra
from onnx_models.export import torch_reference
from onnx_models.export.checkpoint import Checkpoint
from onnx_models.export.graph_builder import INPUTS, WeightsFile
from onnx_models.export.weight_files import first_line
from onnx_models.manifest import Output

OPSET = 18
_NEEDED = ("torch", "transformers", "optimum.exporters.onnx")


def require() -> None:
    """Raise MissingExtra unless everything that this route imports is installed."""
    for module in _NEEDED:
        try:
            found = importlib.util.find_spec(module) is not None
        except ModuleNotFoundError:
            found = False
        if not found:
            raise MissingExtra(what="The optimum route", extra="export")


def build(checkpoint: Checkpoint, weights: WeightsFile, outputs: tuple[Output, ...]) -> list[onnx.ModelProto]:
    """The graphs of a checkpoint, one an output, in order; they share the weights file.

    Raises:
        MissingExtra: the `export` extra is not installed.
        UnsupportedCheckpoint: optimum does not know the architecture, or the checkpoint is not whole.
    """
    require()
    torch_reference.load(checkpoint, "cross" if "logits" in outputs else "encoder")
    task = "text-classification" if "logits" in outputs else "feature-extraction"
    with tempfile.TemporaryDirectory(prefix=".optimum-", dir=weights.path.parent) as folder:
        _export(checkpoint, Path(folder), task)
        return [_adapt(onnx.load(Path(folder, "model.onnx")), output, weights) for output in outputs]


def _export(checkpoint: Checkpoint, folder: Path, task: str) -> None:
    from optimum.exporters.onnx import main_export

    try:
        with torch_reference.quietly():
            main_export(
                str(checkpoint.folder),
                folder,
                task=task,
                library_name="transformers",
                opset=OPSET,
                dtype="fp32",
                do_validation=False,
                no_post_process=True,
                local_files_only=True,
                trust_remote_code=False,
            )
    except torch_reference.ERRORS as error:
        if isinstance(error, OSError) and error.errno is not None:  # the disk's own, not one of transformers'
            raise
        reason = first_line(error)
        raise checkpoint.refuse(f"optimum says {reason!r}", instead="See its supported architectures.") from error


def _adapt(model: onnx.ModelProto, output: Output, weights: WeightsFile) -> onnx.ModelProto:
    """Give the graph our three inputs and our output, and move its weights to the shared file."""
    graph = model.graph
    present = {value.name for value in graph.input}
    graph.input.extend(
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
        for name in INPUTS
        if name not in present
    )
    if output == "cls":
        graph.initializer.append(helper.make_tensor("first_token", TensorProto.INT64, [], [0]))
        graph.node.append(helper.make_node("Gather", ["last_hidden_state", "first_token"], ["cls"], name="cls", axis=1))
        hidden = graph.output[0].type.tensor_type.shape.dim[2].dim_value
        del graph.output[:]
        graph.output.append(helper.make_tensor_value_info("cls", TensorProto.FLOAT, ["batch", hidden]))
    wanted = next(value for value in graph.output if value.name == output)
    del graph.output[:]
    graph.output.append(wanted)
    weights.move_from(model)
    return model
