"""The tensors of a weights file, read when asked for: safetensors, or a pickled .bin with torch's help."""

import importlib.util
import json
import pickle
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from numpy.typing import NDArray

from onnx_models.errors import MissingExtra, UnsupportedCheckpoint

Array = NDArray[np.float32]

TRY_OPTIMUM = "The optimum route handles other architectures: run `biocpt models export … --route optimum`."


def read(path: Path) -> dict[str, Callable[[], Array]]:
    """The file's tensors by name, each as what reads it as float32.

    Raises:
        MissingExtra: it is a pickled `.bin`, and torch is not installed.
        UnsupportedCheckpoint: it cannot be read.
    """
    return _safetensors(path) if path.suffix == ".safetensors" else _torch_bin(path)


def _safetensors(path: Path) -> dict[str, Callable[[], Array]]:
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            names = list(file.keys())
    except (safetensors.SafetensorError, OSError) as error:
        raise _unreadable(path, error) from error
    header, start = _header(path)

    def reader(name: str) -> Callable[[], Array]:
        return lambda: _read_tensor(path, header[name], start)

    return {name: reader(name) for name in names}


def _header(path: Path) -> tuple[Mapping[str, Any], int]:
    """The header of a safetensors file that the library has already found sound, and where its data start."""
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        return json.loads(stream.read(length)), 8 + length


def _read_tensor(path: Path, entry: Mapping[str, Any], start: int) -> Array:
    """One tensor as float32. Read by hand because numpy, and so the library, has no bfloat16."""
    stored = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "BF16": "<u2", "I64": "<i8"}.get(entry["dtype"])
    if stored is None:
        raise UnsupportedCheckpoint(
            folder=path.parent, problem=f"it has weights of type {entry['dtype']}", instead=TRY_OPTIMUM
        )
    begin, end = entry["data_offsets"]
    count = (end - begin) // np.dtype(stored).itemsize
    values = np.fromfile(path, dtype=stored, count=count, offset=start + begin)
    if entry["dtype"] == "BF16":  # the upper half of a float32
        values = (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float32, copy=False).reshape(entry["shape"])


def _torch_bin(path: Path) -> dict[str, Callable[[], Array]]:
    if importlib.util.find_spec("torch") is None:
        raise MissingExtra(what=f"Reading {path.name} (pickled weights; model.safetensors does not)", extra="export")
    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, zipfile.BadZipFile) as error:
        raise _unreadable(path, error) from error
    if not isinstance(state, Mapping):
        raise _unreadable(path, TypeError(f"it holds a {type(state).__name__}, not named tensors"))

    def reader(tensor: Any) -> Callable[[], Array]:
        return lambda: np.asarray(tensor.to(torch.float32).numpy(), dtype=np.float32)

    return {str(name): reader(tensor) for name, tensor in state.items() if isinstance(tensor, torch.Tensor)}


def _unreadable(path: Path, error: Exception) -> UnsupportedCheckpoint:
    return UnsupportedCheckpoint(
        folder=path.parent,
        problem=f"{path.name} cannot be read ({first_line(error)})",
        instead="Fetch it again.",
    )


def first_line(error: Exception) -> str:
    """What another library says in the first line of an error, or in two where the first ends in a colon."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
