"""The listwise loss of a re-ranker: the clicked article against those shown beside it, weighted by clicks.

MedCPT's re-ranker (Jin et al., Bioinformatics 2023; official code `reranker/main.py`): cross-entropy of the softmax
over one positive and its negatives, averaged over a window of queries with the weights log2(clicks + 1).
"""

from collections.abc import Sequence

import torch


def click_weights(clicks: Sequence[int]) -> torch.Tensor:
    """log2(clicks + 1), float32 of shape (n,): one click weighs 1, three weigh 2, none weighs 0."""
    return torch.log2(torch.tensor(clicks, dtype=torch.float32) + 1)


def listwise_losses(scores: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    """-log softmax of each row's first score among its present ones, shape (queries,).

    Args:
        scores: (queries, group), the positive first.
        present: whether there is a passage, same shape; a shorter list is padded, and what is absent counts for
            nothing, whatever its score.
    """
    return -torch.log_softmax(scores.float().masked_fill(~present, -torch.inf), dim=1)[:, 0]


def weighted_mean(losses: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The sum of weight times loss over the sum of weights; 0 where nothing weighs anything."""
    total = weights.sum()
    return (losses * weights).sum() / torch.where(total > 0, total, torch.ones_like(total))
