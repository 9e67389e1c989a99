"""How a model is asked to run, how it really runs, and the protocol of what runs it. Add a backend here."""

import os
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from onnx_models.errors import BadRunOption

Backend = Literal["onnx", "openvino"]
RunPrecision = Literal["auto", "fp32", "fp16", "int8", "bf16"]

MOST_THREADS = 1024
"""More than any machine's cores by far; a runtime takes minutes to start a hundred thousand."""

_PRECISIONS: dict[Backend, tuple[RunPrecision, ...]] = {
    "onnx": ("auto", "fp32", "fp16", "int8"),
    "openvino": ("auto", "fp32", "bf16"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How to run a model. The defaults suit a machine that encodes articles in bulk.

    Raises:
        BadRunOption: a value that no model can be run with.
    """

    precision: RunPrecision = "auto"
    """`auto`: fp32 with onnxruntime; with OpenVINO bf16 where the processor computes in it, else fp32."""
    backend: Backend = "onnx"
    provider: str = "auto"
    """onnxruntime's execution provider: `cpu`, `cuda` …; `auto` takes CUDA where it works, else the CPU."""
    threads: int | None = None
    """Processor threads for one model; None: as many as this process may use."""
    token_budget: int | None = None
    """Most tokens, padding included, in one batch (one text always fits); None: what suits the backend."""
    one_shot: bool = False
    """Open an encoder faster and run it slower: for a process that encodes one query and ends."""
    copy_weights: bool = False
    """Read weights into memory, where else their file stays mapped: for a process that goes on with what it loaded.

    A mapped file that is changed in place changes the numbers, and one that is cut short ends the process.
    """

    def __post_init__(self) -> None:
        if self.backend not in _PRECISIONS:
            raise BadRunOption(option="backend", value=self.backend, allowed=", ".join(_PRECISIONS))
        precisions = _PRECISIONS[self.backend]
        if self.precision not in precisions:
            allowed = f"{', '.join(precisions)} with {self.backend}"
            raise BadRunOption(option="precision", value=self.precision, allowed=allowed)
        if self.backend == "openvino" and self.provider not in ("auto", "cpu"):
            raise BadRunOption(option="provider", value=self.provider, allowed="auto, cpu with openvino")
        if self.threads is not None and not 1 <= self.threads <= MOST_THREADS:
            raise BadRunOption(option="threads", value=self.threads, allowed=f"1 to {MOST_THREADS}")
        if self.token_budget is not None and self.token_budget < 1:
            raise BadRunOption(option="token_budget", value=self.token_budget, allowed="1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """What a model really runs with, as found after it was opened."""

    backend: Backend
    version: str
    device: str
    """The onnxruntime provider in use (`CPUExecutionProvider`), or OpenVINO's device name."""
    precision: str
    graph: str
    """The name of the graph file."""
    threads: int

    def __str__(self) -> str:
        library = {"onnx": "onnxruntime", "openvino": "OpenVINO"}[self.backend]
        return f"{library} {self.version}, {self.device}, {self.precision}, {self.threads} threads"


class TokenBatch(NamedTuple):
    """Texts as a model reads them, padded on the right to one length; the arrays are int64 (batch, length)."""

    ids: NDArray[np.int64]
    mask: NDArray[np.int64]
    """1 for a token, 0 for padding."""
    segments: NDArray[np.int64]
    rows: NDArray[np.intp]
    """Where each row belongs in the order that was asked, shape (batch,)."""


class Session(Protocol):
    """An opened graph. Safe to share between threads."""

    @property
    def runtime(self) -> Runtime:
        """What it really runs with."""

    @property
    def concurrency(self) -> int:
        """How many runs at the same time, from different threads, use the machine best."""

    @property
    def token_budget(self) -> int:
        """The batch size, in tokens, that it runs fastest with."""

    def run(self, batch: TokenBatch) -> NDArray[np.float32]:
        """The graph's one output; its first axis is the batch.

        Raises:
            ModelRunFailed: the runtime refused the input or ran out of memory.
        """


def usable_cores() -> int:
    """How many processor cores this process may run on, at least 1."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
