"""A small objective with a dropout and random data, to train in a blink: what the loop does shows on it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch


class Fitting:
    """Fits a line through a dropout to the sum of four numbers; a batch's numbers depend on its place alone."""

    def __init__(self, *, batches: int = 10, size: int = 4, spoilt: int | None = None) -> None:
        torch.manual_seed(0)
        self.network = torch.nn.Sequential(torch.nn.Dropout(0.2), torch.nn.Linear(4, 1))
        self.asked: list[tuple[int, int]] = []
        self._batches, self._size, self._spoilt = batches, size, spoilt

    @property
    def modules(self) -> Mapping[str, torch.nn.Module]:
        return {"network": self.network}

    @property
    def batches_in_epoch(self) -> int:
        return self._batches

    def batches(self, epoch: int, start: int) -> Iterator[tuple[int, int]]:
        for number in range(start, self._batches):
            self.asked.append((epoch, number))
            yield epoch, number

    def examples_in(self, batch: tuple[int, int]) -> int:
        return self._size

    def backward(self, batch: tuple[int, int]) -> float:
        epoch, number = batch
        numbers = torch.randn(self._size, 4, generator=torch.Generator().manual_seed(epoch * 1000 + number))
        loss = ((self.network(numbers)[:, 0] - numbers.sum(dim=1)) ** 2).mean()
        if epoch * self._batches + number == self._spoilt:
            loss = loss * float("nan")
        loss.backward()
        return float(loss.detach())

    def signature(self) -> Mapping[str, Any]:
        return {"data": f"{self._batches} batches of {self._size}"}

    def save(self, folder: Path) -> None:
        torch.save(self.network.state_dict(), folder / "network.pt")
