"""The processes of one training run (torchrun): who they are, and what they hand each other.

Each process works out the whole joint loss: it gathers what the others made, as numbers without a history, and puts its
own rows, which have one, in their place. So its gradients are its own share of the joint loss's, and the sum over the
processes is the gradient that one process would get with the joint batch.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar

import torch
from torch import distributed

T = TypeVar("T")

_PATIENCE = timedelta(hours=2)
"""How long the others wait while the first process measures or saves."""


class Ranks(NamedTuple):
    """This process's number, from 0, and how many there are."""

    rank: int
    size: int


def here() -> Ranks:
    """This process among those of the run; alone where there is no run of several."""
    if distributed.is_available() and distributed.is_initialized():
        return Ranks(distributed.get_rank(), distributed.get_world_size())
    return Ranks(0, 1)


@contextmanager
def joined() -> Iterator[Ranks]:
    """Join the processes that torchrun started, as its environment variables say; leave at the end."""
    if not (distributed.is_available() and distributed.is_torchelastic_launched()) or here().size > 1:
        yield here()
        return
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo", timeout=_PATIENCE)
    try:
        if torch.cuda.is_available():
            torch.cuda.set_device(here().rank % torch.cuda.device_count())
        yield here()
    finally:
        distributed.destroy_process_group()


def each(mine: T) -> list[T]:
    """What every process hands in, by rank."""
    if here().size == 1:
        return [mine]
    found: list[Any] = [None] * here().size
    distributed.all_gather_object(found, mine)
    return found


def first(mine: T) -> T:
    """What the first process handed in."""
    if here().size == 1:
        return mine
    found: list[Any] = [mine]
    distributed.broadcast_object_list(found, src=0)
    value: T = found[0]
    return value


def joint(mine: torch.Tensor) -> torch.Tensor:
    """The rows of all processes by rank, however many each has; gradients flow to this process's own alone."""
    rank, size = here()
    if size == 1:
        return mine
    counts = each(len(mine))
    if not any(counts):
        return mine
    padded = mine.new_zeros((max(counts), *mine.shape[1:]))
    padded[: len(mine)] = mine.detach()
    found = [torch.empty_like(padded) for _ in range(size)]
    distributed.all_gather(found, padded)
    rows = [part[:count] for part, count in zip(found, counts, strict=True)]
    return torch.cat([*rows[:rank], mine, *rows[rank + 1 :]])


def joined_lists(mine: Sequence[T]) -> list[T]:
    """The items of all processes, by rank."""
    return [item for part in each(list(mine)) for item in part]


def sum_gradients(parameters: Iterable[torch.nn.Parameter]) -> None:
    """Add up every process's gradients, so that all have the sum: a few large messages, not one a tensor.

    Who has no gradient of a weight hands in zeros; of one that nobody has a gradient of, there is none after it either.
    """
    if here().size == 1:
        return
    asked = list(parameters)
    some = [any(having) for having in zip(*each([weight.grad is not None for weight in asked]), strict=True)]
    summed = [weight for weight, has in zip(asked, some, strict=True) if has]
    for weight in summed:
        if weight.grad is None:
            weight.grad = torch.zeros_like(weight)
    for bucket in _buckets(summed):
        flat = torch.cat([parameter.grad.reshape(-1) for parameter in bucket])
        distributed.all_reduce(flat)
        parts = flat.split([parameter.numel() for parameter in bucket])
        for parameter, part in zip(bucket, parts, strict=True):
            parameter.grad.copy_(part.view_as(parameter.grad))


def _buckets(parameters: list[torch.nn.Parameter], numbers: int = 16_000_000) -> Iterator[list[torch.nn.Parameter]]:
    bucket: list[torch.nn.Parameter] = []
    held = 0
    for parameter in parameters:
        if bucket and held + parameter.numel() > numbers:
            yield bucket
            bucket, held = [], 0
        bucket.append(parameter)
        held += parameter.numel()
    if bucket:
        yield bucket
