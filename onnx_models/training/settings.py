"""How to train, whatever is trained: steps, batches, learning rate, and when to save and to look. No torch here."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from onnx_models.errors import BadRunOption
from onnx_models.training.schedule import FALLS, Schedule

Precision = Literal["fp32", "bf16"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """MedCPT's own numbers where the paper's code has them; warm-up is a share, as 10,000 steps fit no small data."""

    epochs: int = 8
    """How often the data is read; not looked at where `steps` says when to stop."""
    steps: int | None = None
    """Optimiser steps in all, over as many epochs as they take."""
    batch_size: int = 32
    """Examples of one batch, in each process."""
    accumulate: int = 1
    """Batches of one optimiser step; the step takes the mean of their gradients."""
    learning_rate: float = 2e-5
    warm_up: float = 0.1
    """The share of the steps in which the learning rate rises from 0."""
    schedule: Schedule = "cosine"
    weight_decay: float = 0.0
    """Of matrices; vectors (biases, norms) are left alone."""
    epsilon: float = 1e-8
    clip: float = 1.0
    """The longest gradient, over all weights together."""
    seed: int = 2023
    precision: Precision = "fp32"
    """`bf16`: autocast, with weights, losses and optimiser in fp32."""
    save_every: int = 1000
    """Steps between two checkpoints."""
    evaluate_every: int | None = None
    """Steps between two measurements; None: measured at the end alone."""
    patience: int | None = None
    """Stop after so many measurements in a row that are no better than the best; None: never."""

    def __post_init__(self) -> None:
        for option in ("epochs", "batch_size", "accumulate", "save_every"):
            self._require(option, getattr(self, option) >= 1, "a whole number from 1 up")
        for option, known in (("schedule", tuple(FALLS)), ("precision", get_args(Precision))):
            self._require(option, getattr(self, option) in known, ", ".join(known))
        for option in ("steps", "evaluate_every", "patience"):
            value = getattr(self, option)
            self._require(option, value is None or value >= 1, "a whole number from 1 up")
        for option in ("learning_rate", "epsilon", "clip"):
            self._require(option, 0 < getattr(self, option) < float("inf"), "a number above 0")
        self._require("weight_decay", 0 <= self.weight_decay < float("inf"), "a number from 0 up")
        self._require("warm_up", 0 <= self.warm_up < 1, "a share from 0 to below 1")

    def deciding(self) -> dict[str, Any]:
        """What has to be the same for a run to go on as if it had never stopped: all but how often it is saved."""
        return {name: value for name, value in asdict(self).items() if name != "save_every"}

    def _require(self, option: str, holds: bool, allowed: str) -> None:
        if not holds:
            raise BadRunOption(option=option, value=getattr(self, option), allowed=allowed)
