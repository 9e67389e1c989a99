"""What a re-ranker learns from a stronger teacher's scores of the same list. Add a distillation: a function, a row.

Each takes scores and the teacher's of shape (queries, group), the positive first, and which of them are present,
and gives one loss a query.
"""

from collections.abc import Callable
from typing import Literal, TypeAlias

import torch

DistillationName = Literal["margin-mse", "kl"]
Distillation: TypeAlias = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def margin_mse(scores: torch.Tensor, teacher: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    """The mean square of how far each margin, positive over negative, is from the teacher's, shape (queries,).

    Hofstätter et al. (2020), arXiv 2010.02666, equation 5. It fixes the scale of the scores to the teacher's.
    """
    wanted = teacher[:, :1] - teacher[:, 1:]
    found = scores[:, :1].float() - scores[:, 1:].float()
    negatives = present[:, 1:]
    squares = torch.where(negatives, found - wanted, 0.0) ** 2
    return squares.sum(dim=1) / negatives.sum(dim=1).clamp(min=1)


def listwise_kl(scores: torch.Tensor, teacher: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    """The Kullback-Leibler divergence of the list's softmax from the teacher's, shape (queries,); 0 where equal.

    The teacher's softmax is the target, so it also says where an unjudged passage is better than the positive.
    """
    target = torch.log_softmax(teacher.masked_fill(~present, -torch.inf), dim=1)
    found = torch.log_softmax(scores.float().masked_fill(~present, -torch.inf), dim=1)
    difference = torch.where(present, target - found, 0.0)
    return (target.exp() * difference).sum(dim=1)


DISTILLATIONS: dict[DistillationName, Distillation] = {"margin-mse": margin_mse, "kl": listwise_kl}
