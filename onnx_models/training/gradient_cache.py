"""The gradients of a large batch in the memory of a small one (GradCache; Gao et al., RepL4NLP 2021).

In-batch negatives need the vectors of the whole batch at once, but not what led to them. So the vectors are made piece
by piece without a history, the loss is worked out on them, and its gradients by vector are carried on, piece by piece,
through a second forward pass. Dropout draws the same numbers in both.
"""

from collections.abc import Callable, Sequence

import torch

from onnx_models.training import checkpoints

Piece = Callable[[], torch.Tensor]
"""Makes the vectors of a part of the batch, from the weights as they are."""

Loss = Callable[[Sequence[torch.Tensor]], torch.Tensor]
"""The loss of the vectors of all pieces, in their order."""


def whole(pieces: Sequence[Piece], loss: Loss) -> torch.Tensor:
    """The plain way: one forward pass, whose memory grows with the batch; adds to gradients, returns the loss."""
    value = loss([piece() for piece in pieces])
    value.backward()
    return value.detach()


def cached(pieces: Sequence[Piece], loss: Loss) -> torch.Tensor:
    """The same gradients with the memory of the largest piece, for a second forward pass."""
    states, vectors = [], []
    with torch.no_grad():
        for piece in pieces:
            states.append(checkpoints.random_state())
            vectors.append(piece())
    for part in vectors:
        part.requires_grad_()
    value = loss(vectors)
    value.backward()
    for piece, state, part in zip(pieces, states, vectors, strict=True):
        checkpoints.restore_random_state(state)
        piece().backward(part.grad)
    return value.detach()
