"""The one training loop, for every objective: steps, checkpoints, measurements, and the end.

`train` works in a folder of its own: `last.pt` is what a run goes on from, `best.pt` the best measured weights,
`log.jsonl` has a line a step, and `outcome.json` says what the run is and how far it has come.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from onnx_models.training import checkpoints, ranks, schedule
from onnx_models.training.errors import LossNotFinite, MeasureNotFinite, NothingToTrain
from onnx_models.training.kept_run import KeptRun
from onnx_models.training.settings import TrainingSettings
from onnx_models.training.step_log import StepLog


class Objective(Protocol):
    """What is trained, on what, and how wrong it is."""

    @property
    def modules(self) -> Mapping[str, torch.nn.Module]:
        """The networks whose weights are trained, each under one name and once; on the device they run on."""
        ...

    @property
    def batches_in_epoch(self) -> int:
        """How many batches `batches` gives for a whole epoch: the same in every process."""
        ...

    def batches(self, epoch: int, start: int) -> Iterator[Any]:
        """This process's batches of an epoch, without the first `start`; equal arguments give equal batches."""
        ...

    def examples_in(self, batch: Any) -> int:
        """How many examples a batch has in this process."""
        ...

    def backward(self, batch: Any) -> float:
        """Add the batch's gradients to the weights'; returns its loss, which is the same in every process.

        Among several processes the loss is that of the joint batch, and each leaves its own share of the gradients:
        the loop adds these up.
        """
        ...

    def signature(self) -> Mapping[str, Any]:
        """What has to be the same for a run to go on: fingerprint of the data, models, settings of the loss."""
        ...

    def save(self, folder: Path) -> None:
        """Write the weights as they are now into a model set's folder, in the form that an export reads."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingProgress:
    """Where a run stands after a step."""

    step: int
    """Counted from 1."""
    steps: int
    epoch: int
    """Counted from 1."""
    loss: float
    """The mean over the step's batches."""
    learning_rate: float
    examples_per_second: float
    """Of all processes, since this run was started or resumed; without measuring and saving."""
    measured: float | None = None
    """What `measure` gave after this step, if it was asked."""


def train(
    objective: Objective,
    settings: TrainingSettings,
    folder: Path,
    *,
    measure: Callable[[], float] | None = None,
    measured_on: str = "",
) -> Iterator[TrainingProgress]:
    """Train to the end, from the start or from where the folder's run stopped; yields after each step.

    At the end the objective's weights are the best measured ones, those it began with among them, or without a measure
    the last; saving them to a model set is the caller's (`objective.save`). A finished run yields nothing, and puts the
    weights in place all the same. Draws from torch's global generators, which are seeded here. The same run on one
    thread ends with the same bits, however often it was stopped between.

    Args:
        folder: this run's own; made where it is missing.
        measure: how good the weights are now, higher is better; called with the networks in evaluation mode, in the
            first process alone.
        measured_on: names what it looks at: a run goes on with the same alone, as numbers of two are not compared.

    Raises:
        OtherRun: the folder's run has other settings, data or models.
        LossNotFinite, MeasureNotFinite: the loss, its gradient or what was measured is not a number; the last
            checkpoint is kept.
        NothingToTrain: an epoch has no batches.
        StorageFailed: a checkpoint could not be written; the one before is kept.
    """
    run = _Run(objective, settings, folder, measure, measured_on)
    yield from run.to_the_end()
    run.put_best_in_place()


class _Run:
    """An open run: its steps, and when it is measured and kept."""

    def __init__(
        self,
        objective: Objective,
        settings: TrainingSettings,
        folder: Path,
        measure: Callable[[], float] | None,
        measured_on: str,
    ) -> None:
        self._objective, self._settings, self._measure = objective, settings, measure
        self._ranks = ranks.here()
        batches = settings.epochs * objective.batches_in_epoch
        self._steps = settings.steps or max(1, batches // settings.accumulate)
        self._parameters = [weight for module in objective.modules.values() for weight in module.parameters()]
        self._optimiser = _optimiser(self._parameters, settings)
        about = {
            **{f"settings.{name}": value for name, value in settings.deciding().items()},
            **objective.signature(),
            "processes": self._ranks.size,
        }
        if measure is not None:
            about["measured_on"] = measured_on
        self._kept = KeptRun(folder, objective.modules, self._optimiser, about=about, steps=self._steps)
        torch.manual_seed(settings.seed + self._ranks.rank)
        self._kept.resume()
        self._place = self._kept.place
        self._log = StepLog(folder / "log.jsonl", after=self._place.step, writes=self._ranks.rank == 0)
        self._seconds, self._examples = 0.0, 0

    def to_the_end(self) -> Iterator[TrainingProgress]:
        """The steps that are left."""
        batches = self._batches()
        if self._measure is not None and self._place.step == 0:
            self._place.before = self._measured()
        for module in self._objective.modules.values():
            module.train()
        with self._log:
            while not self._place.finished:
                started = time.perf_counter()
                loss, rate = self._step(batches)
                self._seconds += time.perf_counter() - started
                measured = self._measured() if self._is_due() else None
                self._place.finished = self._place.step == self._steps or self._is_patience_lost()
                progress = self._progress(loss, rate, measured)
                self._log.add(asdict(progress))  # before the checkpoint, whose run does not take the step again
                if self._place.finished or self._place.step % self._settings.save_every == 0:
                    self._kept.save()
                yield progress

    def put_best_in_place(self) -> None:
        """See `KeptRun`."""
        self._kept.put_best_in_place()

    def _step(self, batches: Iterator[Any]) -> tuple[float, float]:
        """One optimiser step: its loss and learning rate."""
        self._optimiser.zero_grad(set_to_none=True)
        losses = []
        for _ in range(self._settings.accumulate):
            batch = next(batches)
            losses.append(self._objective.backward(batch))
            self._place.batch += 1
            self._examples += self._objective.examples_in(batch) * self._ranks.size
        loss = math.fsum(losses) / len(losses)
        self._require_finite("loss", loss)
        ranks.sum_gradients(self._parameters)
        for weight in self._parameters if self._settings.accumulate > 1 else ():
            if weight.grad is not None:
                weight.grad /= self._settings.accumulate
        norm = float(torch.nn.utils.clip_grad_norm_(self._parameters, self._settings.clip))
        self._require_finite("length of the gradient", norm)
        rate = self._settings.learning_rate * schedule.share(
            self._place.step, self._steps, warm_up=self._settings.warm_up, schedule=self._settings.schedule
        )
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._optimiser.step()
        self._place.step += 1
        return loss, rate

    def _batches(self) -> Iterator[Any]:
        """The batches that are left, epoch after epoch; moves the place to a new epoch before its first batch."""
        while True:
            some = False
            for batch in self._objective.batches(self._place.epoch, self._place.batch):
                some = True
                yield batch
            if not some and self._place.batch == 0:
                raise NothingToTrain(epoch=self._place.epoch + 1)
            self._place.epoch, self._place.batch = self._place.epoch + 1, 0

    def _is_due(self) -> bool:
        """Whether to measure after this step; the last one always is."""
        every, step = self._settings.evaluate_every, self._place.step
        return self._measure is not None and (step == self._steps or (every is not None and step % every == 0))

    def _measured(self) -> float:
        """Measure, and keep the weights if they are the best so far."""
        value = 0.0
        modules = self._objective.modules.values()
        with checkpoints.undisturbed(), torch.no_grad():
            for module in modules:
                module.eval()
            if self._measure is not None and self._ranks.rank == 0:
                value = float(self._measure())
            for module in modules:
                module.train()
        value = ranks.first(value)
        if not math.isfinite(value):
            raise MeasureNotFinite(value=value, step=self._place.step, kept=self._kept.last_good)
        self._kept.keep_if_best(value)
        return value

    def _is_patience_lost(self) -> bool:
        return self._settings.patience is not None and self._place.since_best >= self._settings.patience

    def _require_finite(self, what: str, value: float) -> None:
        if not math.isfinite(value):
            raise LossNotFinite(
                what=what,
                value=value,
                step=self._place.step + 1,
                place=f"epoch {self._place.epoch + 1}, batch {self._place.batch}",
                kept=self._kept.last_good,
            )

    def _progress(self, loss: float, rate: float, measured: float | None) -> TrainingProgress:
        return TrainingProgress(
            step=self._place.step,
            steps=self._steps,
            epoch=self._place.epoch + 1,
            loss=loss,
            learning_rate=rate,
            examples_per_second=self._examples / max(self._seconds, 1e-9),
            measured=measured,
        )


def _optimiser(parameters: list[torch.nn.Parameter], settings: TrainingSettings) -> torch.optim.Optimizer:
    """AdamW (Loshchilov and Hutter, 2019), in one kernel where the device has one."""
    groups = [
        {"params": [weight for weight in parameters if weight.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [weight for weight in parameters if weight.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]],
        lr=settings.learning_rate,
        eps=settings.epsilon,
        fused=True,
    )
