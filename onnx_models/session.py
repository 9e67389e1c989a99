"""Open an onnxruntime session: its provider and threads, and its errors translated, here and nowhere else."""

import importlib.metadata
import logging
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onnx_models.copied_weights import CopiedWeights
from onnx_models.errors import BadGraph, BrokenRuntime, MissingExtra, ModelRunFailed, ProviderUnavailable
from onnx_models.runtime import RunOptions, Runtime, TokenBatch, usable_cores

log = logging.getLogger(__name__)

_CPU = "CPUExecutionProvider"
_CUDA = "CUDAExecutionProvider"
_CPU_BUDGET = 512
"""Two abstracts: what is written by one operator is still in the core's cache when the next one reads it."""
_DEVICE_BUDGET = 32768
_FATAL_ONLY = 4
"""Errors are raised as well: onnxruntime need not print them."""

_LOCAL = ("CPU", "CUDA", "Tensorrt", "NvTensorRTRTX", "MIGraphX", "ROCM", "Dml", "CoreML", "OpenVINO")
"""Providers that run a model on this machine. A build may list others: Azure's sends what it is given to a service."""


class OnnxSession:
    """One graph, opened with onnxruntime. Safe to share between threads."""

    def __init__(
        self,
        graph: Path,
        options: RunOptions,
        *,
        precision: str,
        low_latency: bool,
        weights: CopiedWeights | None = None,
    ) -> None:
        """Open a graph.

        Args:
            graph: the .onnx file.
            options: provider, threads and one-shot mode.
            precision: what the graph's weights are in, for the description.
            low_latency: give all threads to one run (a query), instead of one thread to each of many runs.

        Raises:
            MissingExtra, BrokenRuntime: onnxruntime is absent, twice there or damaged.
            ProviderUnavailable: the provider that was asked for cannot be had.
            BadGraph: the file is no graph that onnxruntime can open.
        """
        ort = load_onnxruntime()
        self._errors = _error_types(ort)
        threads = options.threads or usable_cores()
        wanted = _provider(options.provider, ort.get_available_providers())
        alone = low_latency or wanted != _CPU
        settings = _settings(ort, threads if alone else 1, one_shot=options.one_shot)
        providers = [wanted] if wanted == _CPU else [wanted, _CPU]
        try:
            self._weights = (weights or CopiedWeights()).of(graph) if options.copy_weights else {}
            _give_weights(ort, settings, self._weights)
            self._session = ort.InferenceSession(str(graph), settings, providers=providers)
        except self._errors as error:
            raise BadGraph(graph=graph, runtime="onnxruntime", reason=str(error)) from error
        device = self._session.get_providers()[0]
        _check_provider(options.provider, wanted, device)
        self._inputs = [node.name for node in self._session.get_inputs()]
        self.concurrency = 1 if alone else threads
        self.token_budget = _CPU_BUDGET if device == _CPU else _DEVICE_BUDGET
        self.runtime = Runtime(
            backend="onnx",
            version=ort.__version__,
            device=device,
            precision=precision,
            graph=graph.name,
            threads=threads,
        )

    def run(self, batch: TokenBatch) -> NDArray[np.float32]:
        """The graph's one output as float32; its first axis is the batch."""
        inputs = {name: array for name, array in named_inputs(batch).items() if name in self._inputs}
        try:
            (output,) = self._session.run(None, inputs)
        except self._errors as error:
            raise ModelRunFailed(graph=self.runtime.graph, shape=batch.ids.shape, reason=str(error)) from error
        return np.asarray(output, dtype=np.float32)


def named_inputs(batch: TokenBatch) -> dict[str, NDArray[np.int64]]:
    """A batch under the names that every exported graph uses."""
    return {"input_ids": batch.ids, "attention_mask": batch.mask, "token_type_ids": batch.segments}


def load_onnxruntime() -> ModuleType:
    """Import onnxruntime, or say in one line what to install or remove.

    Raises:
        MissingExtra: neither onnxruntime nor onnxruntime-gpu is installed.
        BrokenRuntime: both are installed (each overwrites the other's files), or one is damaged.
    """
    found = [name for name in ("onnxruntime", "onnxruntime-gpu") if _installed(name)]
    if len(found) == 2:
        raise BrokenRuntime(
            problem="onnxruntime and onnxruntime-gpu are both installed and overwrite each other",
            advice="Remove both, then install one: pip uninstall -y onnxruntime onnxruntime-gpu; "
            "pip install 'biocpt-search[cpu]' (or [gpu])",
        )
    try:
        import onnxruntime
    except ImportError as error:
        if not found:
            raise MissingExtra(what="Running a model", extra="cpu") from error
        raise BrokenRuntime(problem=f"{found[0]} cannot be imported ({error})", advice=_reinstall(found)) from error
    if not hasattr(onnxruntime, "InferenceSession"):
        raise BrokenRuntime(problem="onnxruntime is damaged: most of it is missing", advice=_reinstall(found))
    module: ModuleType = onnxruntime
    return module


def available_providers() -> list[str]:
    """What the installed onnxruntime was built for; whether a device is there shows only when a session opens."""
    return list(load_onnxruntime().get_available_providers())


def _reinstall(found: list[str]) -> str:
    return f"Reinstall it: pip install --force-reinstall --no-deps {found[0] if found else 'onnxruntime'}"


def _installed(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _provider(asked: str, available: list[str]) -> str:
    if asked == "auto":
        return _CUDA if _CUDA in available else _CPU
    usable = {short.lower(): name for short in _LOCAL if (name := f"{short}ExecutionProvider") in available}
    wanted = usable.get(asked.lower().removesuffix("executionprovider"))
    if wanted is None:
        raise ProviderUnavailable(asked=asked, problem=f"this onnxruntime has {', '.join(usable)}")
    return wanted


def _check_provider(asked: str, wanted: str, device: str) -> None:
    """The GPU build lists CUDA on any machine, and where that fails runs on the CPU without a word."""
    if device == wanted:
        return
    if asked != "auto":
        raise ProviderUnavailable(asked=asked, problem=f"onnxruntime fell back to {device}")
    log.warning("%s did not start; running on %s", wanted, device)


def _settings(ort: ModuleType, threads: int, *, one_shot: bool) -> Any:
    settings = ort.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    settings.log_severity_level = _FATAL_ONLY
    # Idle threads sleep: spinning ones would take the cores from everything else in the process.
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if one_shot:
        settings.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        settings.add_session_config_entry("session.disable_prepacking", "1")
    return settings


def _give_weights(ort: ModuleType, settings: Any, weights: Mapping[str, NDArray[Any]]) -> None:
    """Have onnxruntime read them where they are, in place of the files beside the graph."""
    if weights:
        values = [ort.OrtValue.ortvalue_from_numpy(array) for array in weights.values()]
        settings.add_external_initializers(list(weights), values)


def _error_types(ort: ModuleType) -> tuple[type[Exception], ...]:
    """All exceptions of onnxruntime's: they have no common base but Exception."""
    state = ort.capi.onnxruntime_pybind11_state
    kinds = (value for value in vars(state).values() if isinstance(value, type))
    return tuple(kind for kind in kinds if issubclass(kind, Exception))
