"""The listwise loss of a re-ranker: the clicked article against those shown beside it.

MedCPT's re-ranker (Jin et al., Bioinformatics 2023; official code `reranker/main.py`): cross-entropy of the softmax
over one positive and its negatives. `windows` averages it over queries, weighted by log2(clicks + 1).
"""

import torch


def listwise_losses(scores: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
    """-log softmax of each row's first score among its present ones, shape (queries,).

    Args:
        scores: (queries, group), the positive first.
        present: whether there is a passage, same shape; a shorter list is padded, and what is absent counts for
            nothing, whatever its score.
    """
    return -torch.log_softmax(scores.float().masked_fill(~present, -torch.inf), dim=1)[:, 0]
