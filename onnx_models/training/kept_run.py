"""Where a run stands, and its weights, kept in the run's folder: to go on from, and to take the best of."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from onnx_models.training import checkpoints, outcome, ranks
from onnx_models.training.checkpoints import BEST, LAST, State
from onnx_models.training.errors import DamagedState, ProcessesApart
from onnx_models.training.outcome import Outcome


@dataclass(slots=True)
class Place:
    """How far a run has come; kept with its checkpoint."""

    step: int = 0
    epoch: int = 0
    batch: int = 0
    """Batches of this epoch that are done."""
    before: float | None = None
    """What was measured before the first step."""
    best: float | None = None
    since_best: int = 0
    """Measurements after the best."""
    finished: bool = False


class KeptRun:
    """The networks and their optimiser as they are now, beside the folder in which they are kept.

    The first process writes; what it cannot write stops all of them.
    """

    def __init__(
        self,
        folder: Path,
        modules: Mapping[str, torch.nn.Module],
        optimiser: torch.optim.Optimizer,
        *,
        about: Mapping[str, Any],
        steps: int,
    ) -> None:
        """`about`: what has to be the same for the run to go on."""
        self._folder, self._modules, self._optimiser = folder, modules, optimiser
        self._about, self._steps = dict(about), steps
        self.place = Place()
        self._saved = 0

    @property
    def last_good(self) -> str | None:
        """Where the last checkpoint lies, for people; None where none was written."""
        return f"{str(self._folder / LAST)!r}, after step {self._saved}" if self._saved else None

    def resume(self) -> None:
        """Go on from the folder's checkpoint, if there is one.

        Raises:
            OtherRun: it belongs to another run.
            ProcessesApart: the processes of the run begin with other checkpoints, data or models.
            DamagedState: it cannot be read.
            StorageFailed: nothing can be written beside it.
        """
        state = checkpoints.read(self._folder / LAST)
        self._require_together(None if state is None else state["place"]["step"])
        if state is None:
            return
        checkpoints.require_same_run(self._folder / LAST, state["about"], self._about)
        self.place = Place(**state["place"])
        self._saved = self.place.step
        self._load_weights(state)
        self._optimiser.load_state_dict(state["optimiser"])
        checkpoints.restore_random_state(state["random"][ranks.here().rank])
        self._note()  # who was killed between the two left the checkpoint alone

    def save(self) -> None:
        """What the run goes on from when it is stopped now.

        Raises:
            StorageFailed: it could not be written; the checkpoint before is kept.
        """
        state = {
            "about": self._about,
            "place": asdict(self.place),
            "random": ranks.each(checkpoints.random_state()),
            "optimiser": self._optimiser.state_dict(),
            "weights": self._weights(),
        }
        self._write(LAST, state)
        self._saved = self.place.step
        self._note()

    def keep_if_best(self, value: float) -> None:
        """Keep the weights if none were measured better."""
        if self.place.best is None or value > self.place.best:
            self.place.best, self.place.since_best = value, 0
            self._write(BEST, {"weights": self._weights(), "measured": value, "step": self.place.step})
        else:
            self.place.since_best += 1

    def put_best_in_place(self) -> None:
        """Give the networks the best measured weights, if any were measured.

        Raises:
            DamagedState: they cannot be read; by the first process alone, as it is the one that wrote them.
        """
        if self.place.best is None:
            return
        state = checkpoints.read(self._folder / BEST)
        if state is not None:
            self._load_weights(state)
        elif ranks.here().rank == 0:
            raise DamagedState(path=self._folder / BEST, reason="it is not there")

    def _require_together(self, step: int | None) -> None:
        """Before processes of one run wait for each other, or mix what does not belong together."""
        first, *others = ranks.each({**self._about, "checkpoint of step": step})
        for rank, other in enumerate(others, start=1):
            if found := checkpoints.differences(first, other):
                raise ProcessesApart(rank=rank, differences=found)

    def _note(self) -> None:
        """Say beside the checkpoint what it is."""
        if ranks.here().rank > 0:
            return
        outcome.write(
            self._folder,
            Outcome(
                step=self.place.step,
                steps=self._steps,
                finished=self.place.finished,
                before=self.place.before,
                best=self.place.best,
                about=self._about,
            ),
        )

    def _write(self, name: str, state: State) -> None:
        if ranks.here().rank == 0:
            checkpoints.write(self._folder / name, state)

    def _weights(self) -> dict[str, Any]:
        return {name: module.state_dict() for name, module in self._modules.items()}

    def _load_weights(self, state: State) -> None:
        for name, module in self._modules.items():
            module.load_state_dict(state["weights"][name])
