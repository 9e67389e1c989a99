"""Does a graph compute what its checkpoint computes? Parity on fixed shapes, with padding and real segments."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from onnx_models.errors import ParityFailure
from onnx_models.manifest import Output
from onnx_models.runtime import RunOptions, TokenBatch

Feed = Mapping[str, NDArray[np.int64]]
"""input_ids, attention_mask and token_type_ids, each of shape (batch, length)."""

Array = NDArray[np.float32]
Expected = Callable[[Feed, Output], Array]
"""What the source checkpoint gives for a feed, by name of the output."""

SHAPES = ((1, 1), (1, 7), (2, 16), (5, 33), (2, 512))
"""(batch, length): one token, odd and even lengths, several rows of padding, the longest input."""

MAX_DIFFERENCE = 1e-4
"""Largest allowed difference of any number, in float32."""

_FIRST_ORDINARY_ID = 5
"""Below it BERT vocabularies keep padding and the other special tokens, which do not stand inside texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A trusted computation to compare with, and its name for the manifest."""

    name: str
    compute: Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRange:
    """What a model accepts: ids below `vocabulary`, segments below `token_types`, at most `max_length` tokens."""

    vocabulary: int
    token_types: int
    """0: it reads no segments."""
    max_length: int
    around: tuple[int, ...] = ()
    """The ids that its tokenizer puts before and after a text: [CLS] and [SEP]."""


def feeds(accepted: InputRange, *, seed: int = 0) -> Iterator[dict[str, NDArray[np.int64]]]:
    """One random input a shape of SHAPES (shorter where the model is), rows padded to different lengths.

    Each row has the special ids where a pair of texts has them: at its start, at its middle and at its end.
    """
    rng = np.random.default_rng(seed)
    lowest = min(_FIRST_ORDINARY_ID, accepted.vocabulary - 1)
    for batch, longest in SHAPES:
        length = min(longest, accepted.max_length)
        ids = rng.integers(lowest, accepted.vocabulary, size=(batch, length))
        lengths = np.linspace(length, max(1, length // 3), num=batch).astype(np.int64)
        mask = (np.arange(length) < lengths[:, None]).astype(np.int64)
        segments = (np.arange(length) >= lengths[:, None] // 2) * mask * max(0, min(1, accepted.token_types - 1))
        if accepted.around:
            rows = np.arange(batch)
            ids[rows, lengths // 2 - 1] = ids[rows, lengths - 1] = accepted.around[-1]
            ids[:, 0] = accepted.around[0]
        yield {"input_ids": ids * mask, "attention_mask": mask, "token_type_ids": segments}


def parity(graph: Path, output: Output, reference: Reference, accepted: InputRange, *, model: str) -> float:
    """The largest difference between a graph and its reference over the real tokens of every shape.

    Raises:
        ParityFailure: it is above MAX_DIFFERENCE, or the graph gives another shape or something not finite.
    """
    run = open_graph(graph)
    worst = max(_difference(run(feed), reference.compute(feed, output), feed) for feed in feeds(accepted))
    if worst > MAX_DIFFERENCE:
        raise ParityFailure(model=model, figure=f"{worst:.3g}", limit=MAX_DIFFERENCE, reference=reference.name)
    return worst


def _difference(found: Array, expected: Array, feed: Feed) -> float:
    """Of the real tokens; infinite where the shapes differ or either side is not finite."""
    if found.shape != expected.shape:
        return float("inf")
    difference = np.abs(found - expected)
    if found.ndim == 3:
        difference = difference[feed["attention_mask"] == 1]
    return float(difference.max()) if np.isfinite(difference).all() else float("inf")


def open_graph(path: Path) -> Callable[[Feed], Array]:
    """A graph as a function of its inputs, on the CPU."""
    from onnx_models.session import OnnxSession

    session = OnnxSession(path, RunOptions(provider="cpu"), precision="fp32", low_latency=True)

    def run(feed: Feed) -> Array:
        ids = feed["input_ids"]
        batch = TokenBatch(ids, feed["attention_mask"], feed["token_type_ids"], np.arange(len(ids)))
        return session.run(batch)

    return run
