"""outcome.json: what a run is and how far it has come, for people and for the model's card; no torch."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from onnx_models.storage import storing
from onnx_models.training.errors import DamagedState

FILE = "outcome.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run as its last checkpoint has it."""

    step: int
    steps: int
    finished: bool
    before: float | None
    """What was measured before the first step."""
    best: float | None
    """The best that was measured, `before` included: the weights that are kept are those."""
    about: Mapping[str, Any]
    """What decides what is computed: settings, data, models."""


def write(folder: Path, outcome: Outcome) -> None:
    """Note it beside the checkpoint, in one step.

    Raises:
        StorageFailed: the disk is full.
    """
    partial = folder / f".{FILE}.partial"
    with storing(folder):
        partial.write_text(json.dumps(asdict(outcome), indent=2) + "\n", encoding="utf-8")
        partial.replace(folder / FILE)


def read(folder: Path) -> Outcome | None:
    """What is noted there; None where no run has written a checkpoint.

    Raises:
        DamagedState: it cannot be read.
    """
    path = folder / FILE
    try:
        return Outcome(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise DamagedState(path=path, reason=str(error)) from error
