"""Token states to one vector a text."""

from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from onnx_models.specs import Pooling

Floats = NDArray[np.float32]


def pooled(states: Floats, mask: NDArray[np.int64], pooling: Pooling) -> Floats:
    """One vector a text, shape (batch, hidden).

    Args:
        states: (batch, length, hidden), or (batch, hidden) from a graph that computes [CLS] alone.
        mask: 1 for a token, 0 for padding on the right, shape (batch, length).
        pooling: `cls` takes the first token; `mean` counts every token, special ones too; `last` takes the last.
    """
    vectors: Floats
    match pooling:
        case "cls":
            vectors = states if states.ndim == 2 else states[:, 0]
        case "mean":
            weights = mask.astype(np.float32)
            sums = np.matmul(weights[:, None, :], states)[:, 0]
            vectors = sums / np.maximum(weights.sum(axis=1, keepdims=True), 1)
        case "last":
            positions = np.maximum(mask.sum(axis=1) - 1, 0)
            vectors = states[np.arange(len(states)), positions]
        case _:
            assert_never(pooling)
    return vectors


def normalised(vectors: Floats) -> Floats:
    """The same directions with length 1; a zero vector stays zero."""
    lengths = np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
    unit: Floats = (vectors / lengths.astype(np.float32)).astype(np.float32, copy=False)
    return unit
