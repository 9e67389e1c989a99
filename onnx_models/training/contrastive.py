"""The retriever's loss: in-batch negatives in both directions, each example weighted by its clicks.

MedCPT (Jin et al., Bioinformatics 2023, section 2.2; retriever/models.py of its code): S holds the scores of every
query with every article of the batch, and

    L = α · L_q→d + (1 − α) · L_d→q,   each a mean of −log softmax(S)[i, i], over rows or columns, with weights
    w_i = log2(clicks_i + 1).

The paper takes the raw inner product for the score, and α = 0.8. With α = 1, equal weights and cosines times 20 it is
the MultipleNegativesRankingLoss of sentence-transformers.
"""

from collections.abc import Sequence

import torch

ALPHA = 0.8


def click_weights(clicks: Sequence[int], device: torch.device) -> torch.Tensor:
    """log2(clicks + 1) of each, float32 of shape (n,)."""
    return torch.log2(torch.tensor(clicks, dtype=torch.float64) + 1).to(device=device, dtype=torch.float32)


def loss(
    scores: torch.Tensor, weights: torch.Tensor, masked: torch.Tensor | None = None, *, alpha: float = ALPHA
) -> torch.Tensor:
    """How far queries are from preferring their own articles, and these from preferring their own queries.

    Args:
        scores: (B, C): row i's own article in column i; columns from B on are further negatives of the queries.
        weights: of the B examples.
        masked: True where a pair counts in neither direction; the diagonal always counts.
        alpha: the share of the direction from queries to articles.
    """
    if masked is not None:
        scores = scores.masked_fill(masked, float("-inf"))
    own = scores.diagonal()
    to_articles = torch.logsumexp(scores, dim=1) - own
    to_queries = torch.logsumexp(scores[:, : len(scores)], dim=0) - own
    each = alpha * to_articles + (1 - alpha) * to_queries
    return (weights * each).sum() / weights.sum()
