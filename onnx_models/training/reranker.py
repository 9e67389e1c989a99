"""The re-ranker's objective: lists from a dataset, in windows, to the gradients of one optimiser step each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Generic

import torch

from onnx_models.errors import BadRunOption
from onnx_models.training import draws, ranks, windows
from onnx_models.training.dataset import Dataset, RankList
from onnx_models.training.draws import Group
from onnx_models.training.errors import NoNegatives, NoTeacher
from onnx_models.training.list_loss import ListLoss
from onnx_models.training.read_ahead import ahead
from onnx_models.training.scorer import Scorer, T


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSettings:
    """What is learnt from lists, and how much of them at once."""

    negatives: int = 31
    """Passages beside the positive; a query with fewer is used with what it has."""
    window: int = 32
    """Queries of one optimiser step, in each process."""
    tokens: int = 8192
    """The most that are computed at once, padding included: what memory is needed for. It changes no result."""
    loss: ListLoss = field(default_factory=ListLoss)

    def __post_init__(self) -> None:
        for option in ("negatives", "window", "tokens"):
            if getattr(self, option) < 1:
                raise BadRunOption(option=option, value=getattr(self, option), allowed="a whole number from 1 up")


@dataclass(frozen=True, slots=True)
class Window(Generic[T]):
    """What one optimiser step learns from."""

    groups: list[Group[T]]
    """Without the lists that have no negatives: there is nothing to tell apart."""
    lists: int
    """All that were read."""


class RerankerObjective(Generic[T]):
    """An `Objective` of the training loop: the mean of the queries' losses, weighted by clicks, over each window.

    A window is one batch to the loop, whatever its memory: so the weighted mean is exact (`TrainingSettings.accumulate`
    would take plain means of batches, and stays 1).
    """

    def __init__(self, scorer: Scorer[T], dataset: Dataset, settings: ListSettings, *, seed: int = 2023) -> None:
        """Take a scorer and its data.

        Raises:
            NoNegatives: not one list has passages to tell the positive from.
            NoTeacher: the loss learns from a teacher's scores, and the dataset has none.
        """
        self._scorer, self._dataset, self._settings, self._seed = scorer, dataset, settings, seed
        first = next((ranked for ranked in self._lists(0, 0) if ranked.negatives), None)
        if first is None:
            raise NoNegatives(folder=dataset.folder)
        self._group(first, 0)  # what a teacher lacks is told before hours of work

    @property
    def modules(self) -> Mapping[str, torch.nn.Module]:
        """The scorer's."""
        return self._scorer.modules

    @property
    def batches_in_epoch(self) -> int:
        """Windows of an epoch in each process; the last may be smaller."""
        return -(-self._share // self._settings.window)

    def batches(self, epoch: int, start: int) -> Iterator[Window[T]]:
        """This process's windows of an epoch, without the first `start`; read while the last one is worked on."""
        return ahead(self._windows(epoch, start))

    def examples_in(self, batch: Window[T]) -> int:
        """How many queries."""
        return batch.lists

    def backward(self, batch: Window[T]) -> float:
        """Add the window's gradients to the weights'; returns its loss over all processes."""
        return windows.backward(batch.groups, self._scorer, self._settings.loss, tokens=self._settings.tokens)

    def signature(self) -> Mapping[str, Any]:
        """The data, where the weights come from, and what is learnt."""
        return {
            "data": self._dataset.fingerprint,
            **self._scorer.signature(),
            "negatives": self._settings.negatives,
            "window": self._settings.window,
            **self._settings.loss.signature(),
        }

    def save(self, folder: Path) -> None:
        """Write the scorer into a set's folder."""
        self._scorer.save(folder)

    @property
    def _share(self) -> int:
        """Lists of an epoch that each process reads."""
        return self._dataset.count("lists") // ranks.here().size

    def _windows(self, epoch: int, start: int) -> Iterator[Window[T]]:
        done = start * self._settings.window
        lists = islice(self._lists(epoch, done), max(0, self._share - done))
        while read := list(islice(lists, self._settings.window)):
            yield Window([self._group(ranked, epoch) for ranked in read if ranked.negatives], len(read))

    def _lists(self, epoch: int, start: int) -> Iterator[RankList]:
        rank, size = ranks.here()
        return self._dataset.lists(seed=self._seed, epoch=epoch, start=start, rank=rank, ranks=size)

    def _group(self, ranked: RankList, epoch: int) -> Group[T]:
        name = self._settings.loss.distillation
        if name is not None and ranked.scores is None:
            raise NoTeacher(folder=self._dataset.folder, query_id=ranked.query_id, distillation=name)
        drawn = draws.draw(ranked, seed=self._seed, epoch=epoch, negatives=self._settings.negatives)
        return draws.read(drawn, self._scorer)
