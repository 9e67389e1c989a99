"""fp32 graphs to int8 (processors) and fp16 (GPUs), kept only if the results stay close.

int8 follows what was measured to be both fast and near (docs/models.md): signed weights, one scale a channel,
matrix products and attention only, activations scaled as they come. A re-ranker's small head stays fp32.
"""

import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from onnx_models import drift, int8
from onnx_models import manifest as manifests
from onnx_models.errors import DriftTooLarge, MissingExtra, ModelNotExported
from onnx_models.export.graph_builder import WeightsFile
from onnx_models.export.job import tools
from onnx_models.installed import InstalledModel, InstalledSet
from onnx_models.manifest import Graph, Manifest
from onnx_models.session import load_onnxruntime
from onnx_models.storage import storing

Reduced = Literal["int8", "fp16"]

log = logging.getLogger(__name__)


def quantize_set(models: InstalledSet, precision: Reduced) -> dict[str, Manifest]:
    """Add a precision to every side of a set; the new manifests by folder name. See `quantize_sides`."""
    return dict(quantize_sides(models, precision))


def quantize_sides(models: InstalledSet, precision: Reduced) -> Iterator[tuple[str, Manifest]]:
    """Add a precision to a set, each folder once; yields its name and new manifest when it is done.

    Raises:
        DriftTooLarge: a side moved too far from fp32; that side, and those after it, stay as they were.
        ModelNotExported: a side has no fp32 graph to start from.
        StorageFailed: the disk is full, or a side's folder may not be written.
    """
    load_onnxruntime()
    by_folder: dict[Path, list[InstalledModel]] = {}
    for model in models.models:
        by_folder.setdefault(model.folder, []).append(model)
    for folder, sides in by_folder.items():
        with storing(folder):
            manifest = _quantize(sides, precision)
        yield folder.name, manifest


def _quantize(sides: list[InstalledModel], precision: Reduced) -> Manifest:
    """Add a precision to one folder, which one or two sides use."""
    model = sides[0]
    log.info("making %s of %s", precision, model.spec.name)
    if "fp32" not in model.manifest.graphs:
        command = f"biocpt models export {model.folder.parent}"
        raise ModelNotExported(model=model.spec.name, graph="fp32", exported=model.manifest.graphs, command=command)
    work = model.folder / f".{precision}.partial"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        shutil.copyfile(model.tokenizer_file, work / model.manifest.tokenizer.name)
        made = replace(model.manifest, graphs=_make_graphs(model, work, precision))
        candidates = [replace(side, folder=work, manifest=made) for side in sides]
        figures = drift.measure(sides, candidates, precision)
        _refuse_drift(model, precision, figures)
        log.info("%s %s: %s", model.spec.name, precision, figures)
        measured = dict.fromkeys(made.graphs, figures)
        if f"tokens-{precision}" in measured:
            measured[f"tokens-{precision}"] = drift.measure_tokens(model, candidates[0], precision)
        for graph in made.graphs.values():
            for stored in graph.files:
                if (work / stored.name).exists():
                    (work / stored.name).replace(model.folder / stored.name)
    finally:
        shutil.rmtree(work)
    manifest = model.manifest
    for name, graph in made.graphs.items():
        manifest = manifest.with_graph(name, replace(graph, figures=measured[name]))
    manifests.write(model.folder, manifest)
    return manifest


def _refuse_drift(model: InstalledModel, precision: Reduced, figures: dict[str, float]) -> None:
    for name, limit in drift.LIMITS.items():
        if name in figures and not figures[name] >= limit:  # not-a-number is refused too
            raise DriftTooLarge(
                model=model.spec.name,
                precision=precision,
                figure=name.replace("_", " "),
                value=figures[name],
                limit=limit,
            )


def _make_graphs(model: InstalledModel, work: Path, precision: Reduced) -> dict[str, Graph]:
    """Write the reduced version of each fp32 graph of a folder, their weights in one file."""
    made = {}
    weights_path = work / f"weights.{precision}.bin"
    with WeightsFile(weights_path) as weights:
        for name, graph in model.manifest.graphs.items():
            if graph.precision == "fp32":
                reduced = _MAKERS[precision](model.folder / graph.file, graph.route)
                weights.move_from(reduced)
                target = work / f"{Path(graph.file).stem}.{precision}.onnx"
                target.write_bytes(reduced.SerializeToString(deterministic=True))
                made[name.replace("fp32", precision)] = (target, graph)
    stored = manifests.stamp(weights_path)
    return {
        name: replace(
            graph,
            files=(manifests.stamp(target), stored),
            precision=precision,
            reference="the fp32 graph, on the built-in text pairs",
            figures={},
            tools=tools(),
        )
        for name, (target, graph) in made.items()
    }


def _int8(graph: Path, _route: str) -> onnx.ModelProto:
    return int8.quantized(onnx.load(graph))


def _fp16(graph: Path, route: str) -> onnx.ModelProto:
    model = onnx.load(graph)
    return _retyped(model) if route == "direct" else _converted(model)


def _retyped(model: onnx.ModelProto) -> onnx.ModelProto:
    """A graph of the direct route with its weights in float16; its last node already casts back to float32."""
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            values = numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    return model


def _converted(model: onnx.ModelProto) -> onnx.ModelProto:
    """A graph of standard operators in float16, by onnxruntime's converter; inputs and outputs keep their types."""
    try:
        from onnxruntime.transformers.float16 import convert_float_to_float16
    except ImportError as error:
        raise MissingExtra(what="Making fp16 of an optimum export", extra="export") from error
    converted: onnx.ModelProto = convert_float_to_float16(model, keep_io_types=True)
    return converted


_MAKERS: dict[Reduced, Callable[[Path, str], onnx.ModelProto]] = {"int8": _int8, "fp16": _fp16}
