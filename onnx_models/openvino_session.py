"""Open an OpenVINO session: precision, streams and errors. The one module that touches OpenVINO."""

import queue
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from onnx_models.errors import BadGraph, MissingExtra, ModelRunFailed, ProviderUnavailable
from onnx_models.runtime import RunOptions, Runtime, TokenBatch, usable_cores
from onnx_models.session import named_inputs

_BUDGET = 512

_FIRST_USE = threading.Lock()
"""OpenVINO 2026.4 deadlocks if two threads hand it the process's first array at once: one does so alone."""


class OpenVinoSession:
    """One graph, compiled by OpenVINO for the CPU. Safe to share between threads."""

    def __init__(self, graph: Path, options: RunOptions, *, low_latency: bool) -> None:
        """Compile a graph.

        Args:
            graph: the .onnx file; its weights are in fp32.
            options: threads, and the precision to compute in.
            low_latency: give all threads to one run (a query), instead of one thread to each of many runs.

        Raises:
            MissingExtra: OpenVINO is not installed.
            ProviderUnavailable: bf16 was asked for, and this processor does not compute in it.
            BadGraph: the file is no graph that OpenVINO can compile.
        """
        openvino = _load_openvino()
        core = openvino.Core()
        precision = chosen_precision(options.precision, core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
        if options.copy_weights:
            core.set_property({"ENABLE_MMAP": False})
        threads = options.threads or usable_cores()
        self.concurrency = 1 if low_latency else threads
        settings = {
            "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision],
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": self.concurrency,
            "PERFORMANCE_HINT": "LATENCY" if low_latency else "THROUGHPUT",
        }
        try:
            compiled = core.compile_model(core.read_model(str(graph)), "CPU", settings)
            self._inputs = [port.get_any_name() for port in compiled.inputs]
            requests = [compiled.create_infer_request() for _ in range(self.concurrency)]
        except RuntimeError as error:
            raise BadGraph(graph=graph, runtime="OpenVINO", reason=_cause(error)) from error
        self._free: queue.SimpleQueue[object] = queue.SimpleQueue()
        for request in requests:
            self._free.put(request)
        self.token_budget = _BUDGET
        self.runtime = Runtime(
            backend="openvino",
            version=openvino.__version__.split("-")[0],
            device="CPU",
            precision=precision,
            graph=graph.name,
            threads=threads,
        )

    def run(self, batch: TokenBatch) -> NDArray[np.float32]:
        """The graph's one output as float32; its first axis is the batch."""
        inputs = {name: array for name, array in named_inputs(batch).items() if name in self._inputs}
        request = self._free.get()
        try:
            outputs = request.infer(inputs)  # type: ignore[attr-defined]
            return np.array(outputs[0], dtype=np.float32)  # a copy: the request's memory is used again
        except RuntimeError as error:
            raise ModelRunFailed(graph=self.runtime.graph, shape=batch.ids.shape, reason=_cause(error)) from error
        finally:
            self._free.put(request)


def _load_openvino() -> ModuleType:
    with _FIRST_USE:
        try:
            with _no_telemetry():
                import openvino
        except ImportError as error:
            raise MissingExtra(what="The openvino backend", extra="openvino") from error
        _ = openvino.Tensor(np.zeros(1, dtype=np.int64)).data
    module: ModuleType = openvino
    return module


@contextmanager
def _no_telemetry() -> Iterator[None]:
    """Keep `import openvino` from forking a process that reports the import to its maker: it takes the stub instead."""
    if "openvino_telemetry" in sys.modules:
        yield
        return
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # what import takes for "not installed"
    try:
        yield
    finally:
        del sys.modules["openvino_telemetry"]


def chosen_precision(asked: str, capabilities: list[str]) -> str:
    """What to compute in, given what was asked for and what the processor can do."""
    has_bf16 = "BF16" in capabilities
    if asked == "auto":
        return "bf16" if has_bf16 else "fp32"
    if asked == "bf16" and not has_bf16:
        raise ProviderUnavailable(asked="bf16", problem="this processor has no bf16 instructions")
    return asked


def _cause(error: Exception) -> str:
    """OpenVINO's messages begin with the place in its source; the last line that says something is the cause."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
