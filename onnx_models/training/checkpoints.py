"""The state of a training run on disk: written beside, moved into place, refused where it belongs to another run."""

import os
import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from onnx_models.errors import StorageFailed
from onnx_models.training.errors import DamagedState, OtherRun

LAST, BEST = "last.pt", "best.pt"

State = dict[str, Any]


def write(path: Path, state: State) -> None:
    """Put a state into place in one step: whoever is killed leaves this one or the one before.

    Raises:
        StorageFailed: the disk is full, or the folder may not be written; what was there is still there.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except (OSError, RuntimeError) as error:  # torch's archive turns what the disk says into a RuntimeError
        partial.unlink(missing_ok=True)
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error).splitlines()[0]
        raise StorageFailed(folder=path.parent, reason=reason) from error


def read(path: Path) -> State | None:
    """The state that lies there, its tensors on the CPU; None where there is none.

    Raises:
        DamagedState: it cannot be read.
    """
    if not path.exists():
        return None
    try:
        state: State = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, LookupError, pickle.UnpicklingError) as error:
        raise DamagedState(path=path, reason=str(error)) from error
    return state


def require_same_run(path: Path, kept: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Go on with a run only as it was begun.

    Raises:
        OtherRun: something that decides what is computed is another; the message lists all of it.
    """
    if found := differences(kept, asked):
        raise OtherRun(path=path, differences=found)


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What is not the same in both, with both values; None where one has none."""
    keys = sorted(one.keys() | other.keys())
    return {key: (one.get(key), other.get(key)) for key in keys if one.get(key) != other.get(key)}


def random_state() -> list[torch.Tensor]:
    """Where torch's generators stand: the CPU's, then each GPU's."""
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    return [torch.get_rng_state(), *(torch.cuda.get_rng_state(device) for device in devices)]


def restore_random_state(states: list[torch.Tensor]) -> None:
    """Put torch's generators where they stood; GPUs that are not here any more are passed over."""
    torch.set_rng_state(states[0])
    for device, state in enumerate(states[1:]):
        if device < torch.cuda.device_count():
            torch.cuda.set_rng_state(state, device)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Do something that may draw random numbers without changing those that come after it."""
    before = random_state()
    try:
        yield
    finally:
        restore_random_state(before)
