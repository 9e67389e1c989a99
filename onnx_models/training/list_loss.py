"""What is learnt from a list: the clicked passage, a teacher's scores, or some of both."""

from dataclasses import asdict, dataclass
from typing import Any

import torch

from onnx_models.errors import BadRunOption
from onnx_models.training.distillation import DISTILLATIONS, DistillationName
from onnx_models.training.listwise import listwise_losses


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLoss:
    """(1 - share) · listwise cross-entropy + share · distillation, for each query."""

    distillation: DistillationName | None = None
    share: float = 1.0
    """Of the distillation in the loss, where there is one; 1: the clicks weigh a query, but choose no passage."""
    teacher_scale: float = 1.0
    """What the teacher's scores are multiplied by: fused scores lie so close that nothing is learnt from them as is."""
    temperature: float = 1.0
    """What scores are divided by before their softmax is taken; margins are compared as they are."""

    def __post_init__(self) -> None:
        if self.distillation is not None and self.distillation not in DISTILLATIONS:
            raise BadRunOption(option="distillation", value=self.distillation, allowed=", ".join(DISTILLATIONS))
        if not 0 <= self.share <= 1:
            raise BadRunOption(option="share", value=self.share, allowed="a number from 0 to 1")
        for option in ("teacher_scale", "temperature"):
            if not 0 < getattr(self, option) < float("inf"):
                raise BadRunOption(option=option, value=getattr(self, option), allowed="a number above 0")

    def losses(self, scores: torch.Tensor, present: torch.Tensor, teacher: torch.Tensor | None) -> torch.Tensor:
        """One loss a query.

        Args:
            scores: (queries, group), the positive first.
            present: where there is a passage, same shape.
            teacher: its scores, same shape; needed where there is a distillation.
        """
        clicked = listwise_losses(scores / self.temperature, present)
        if self.distillation is None or teacher is None:
            return clicked
        softened = scores if self.distillation == "margin-mse" else scores / self.temperature
        taught = DISTILLATIONS[self.distillation](softened, teacher * self.teacher_scale, present)
        return (1 - self.share) * clicked + self.share * taught

    def signature(self) -> dict[str, Any]:
        """Its settings, by name."""
        return {f"loss.{name}": value for name, value in asdict(self).items()}
