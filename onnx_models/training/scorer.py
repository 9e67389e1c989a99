"""What a list of passages is scored by while it learns: a cross-encoder, or an encoder by late interaction."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

import torch


class Input(Protocol):
    """One query with one passage, as tokens."""

    @property
    def length(self) -> int:
        """How many tokens it takes in a batch, by which inputs of like lengths are put together."""


T = TypeVar("T", bound=Input)


class Scorer(Protocol[T]):
    """Scores queries with passages, with gradients."""

    @property
    def modules(self) -> Mapping[str, torch.nn.Module]:
        """What is trained."""

    def read(self, query: str, passages: Sequence[tuple[str, str]]) -> list[T]:
        """One input a (title, abstract), in the order given."""

    def score(self, inputs: Sequence[T]) -> torch.Tensor:
        """One score an input, float32 of shape (n,), computed as one batch; higher is more relevant."""

    def save(self, folder: Path) -> None:
        """Write checkpoint and set.toml into a set's folder, as `biocpt models export` reads them."""

    def signature(self) -> Mapping[str, object]:
        """What it is and what it was made from: equal for a run that goes on."""
