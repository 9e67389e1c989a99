"""The gradients of one window of queries, exact, with no more than a batch of tokens held at a time.

The softmax couples the scores of one query, and the window's mean couples the queries by nothing but the sum of their
weights, which is known beforehand. So lists that fit a batch are scored together and their graph is kept. A list that
does not fit is scored twice (`gradient_cache`, with scores for vectors): first without gradients, for the gradient of
the loss by each score; then part by part with them.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain

import torch

from onnx_models.training import ranks
from onnx_models.training.contrastive import click_weights
from onnx_models.training.draws import Group
from onnx_models.training.gradient_cache import cached, whole
from onnx_models.training.list_loss import ListLoss
from onnx_models.training.scorer import Scorer, T

_PARTS = 4
"""Lists that are scored together are cut in so many parts by length, so that little is padding."""


def backward(window: Sequence[Group[T]], scorer: Scorer[T], loss: ListLoss, *, tokens: int) -> float:
    """Add the window's gradients to the weights'; returns its loss: Σ w ℓ / Σ w, over all processes.

    Args:
        window: this process's queries.
        tokens: the most that are computed at once, padding included; one input alone may be longer.
    """
    weights = click_weights([group.clicks for group in window], torch.device("cpu"))
    total = sum(ranks.each(float(weights.sum())))
    found = 0.0
    for groups in _together(window, tokens):
        found += _add_gradients(groups, scorer, loss, tokens=tokens, total=total)
    return sum(ranks.each(found))


def _add_gradients(
    groups: Sequence[Group[T]], scorer: Scorer[T], loss: ListLoss, *, tokens: int, total: float
) -> float:
    """The share of some lists in the window's loss."""
    inputs = list(chain.from_iterable(group.inputs for group in groups))
    fit = sum(_cost(group) for group in groups) <= tokens
    batches = list(by_length(inputs, tokens // _PARTS if fit else tokens))
    pieces = [partial(scorer.score, [inputs[row] for row in rows]) for rows in batches]

    def share(parts: Sequence[torch.Tensor]) -> torch.Tensor:
        return _share(_in_order(torch.cat(list(parts)), batches), groups, loss, total)

    return float(whole(pieces, share) if fit else cached(pieces, share))


def _share(scores: torch.Tensor, groups: Sequence[Group[T]], loss: ListLoss, total: float) -> torch.Tensor:
    """Σ w ℓ of these lists over the whole window's Σ w; scores lie list after list."""
    sizes = [len(group.inputs) for group in groups]
    present = _rows([torch.ones(size, dtype=torch.bool) for size in sizes]).to(scores.device)
    weights = click_weights([group.clicks for group in groups], scores.device)
    taught = [torch.tensor(group.teacher) for group in groups if group.teacher is not None]
    teacher = _rows(taught).to(scores.device) if len(taught) == len(groups) else None
    losses = loss.losses(_rows(scores.split(sizes)), present, teacher)
    return (losses * weights).sum() / (total or 1.0)


def _rows(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.nn.utils.rnn.pad_sequence(list(parts), batch_first=True)


def _together(window: Sequence[Group[T]], tokens: int) -> Iterator[list[Group[T]]]:
    """Consecutive lists that fit a batch together; one that fits none comes alone."""
    groups: list[Group[T]] = []
    held = 0
    for group in window:
        cost = _cost(group)
        if groups and held + cost > tokens:
            yield groups
            groups, held = [], 0
        groups.append(group)
        held += cost
    if groups:
        yield groups


def _cost(group: Group[T]) -> int:
    return len(group.inputs) * max(tokens.length for tokens in group.inputs)


def by_length(inputs: Sequence[T], tokens: int) -> Iterator[list[int]]:
    """The numbers of inputs, in batches of like lengths, the longest first; at least one a batch."""
    order = sorted(range(len(inputs)), key=lambda row: inputs[row].length, reverse=True)
    start = 0
    while start < len(order):
        end = start + max(1, tokens // inputs[order[start]].length)
        yield order[start:end]
        start = end


def _in_order(scores: torch.Tensor, batches: Sequence[Sequence[int]]) -> torch.Tensor:
    """Scores of batches, one after the other, in the order of their inputs."""
    rows = torch.tensor(list(chain.from_iterable(batches)), device=scores.device)
    return scores[torch.argsort(rows)]
