"""How far a reduced precision moves a model's results from fp32, measured on built-in text pairs."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from onnx_models.cross_encoder import CrossEncoder
from onnx_models.drift_texts import CROSS_PASSAGES, CROSS_QUERIES, PASSAGES, QUERIES
from onnx_models.encoder import Encoder, Text
from onnx_models.installed import InstalledModel
from onnx_models.loading import load_encoder
from onnx_models.runtime import RunOptions, RunPrecision
from onnx_models.session import OnnxSession
from onnx_models.tokenizer import TextTokenizer, cut_batches

Floats = NDArray[np.float32]

LIMITS = {"mean_cosine": 0.99, "kendall_tau": 0.95}
"""The least that is accepted; other figures are recorded only."""


def measure(
    full: Sequence[InstalledModel], reduced: Sequence[InstalledModel], precision: RunPrecision
) -> dict[str, float]:
    """Compare two versions of one folder.

    Args:
        full: the sides that use the folder, opened at fp32.
        reduced: the same sides, opened at `precision`.

    Returns:
        `kendall_tau` for a cross-encoder (mean over queries), `mean_cosine` and `min_cosine` for encoders.
    """
    if full[0].spec.role == "cross":
        return {"kendall_tau": _tau(_scores(full[0], "fp32"), _scores(reduced[0], precision))}
    cosines = np.concatenate(
        [
            _cosines(_vectors(before, "fp32"), _vectors(after, precision))
            for before, after in zip(full, reduced, strict=True)
        ]
    )
    return {"mean_cosine": float(cosines.mean()), "min_cosine": float(cosines.min())}


def measure_tokens(full: InstalledModel, reduced: InstalledModel, precision: RunPrecision) -> dict[str, float]:
    """Compare two versions of a graph of token states: the cosines of every token of the built-in passages."""
    before, after = (_token_states(model, each) for model, each in ((full, "fp32"), (reduced, precision)))
    cosines = _cosines(before, after)
    return {"mean_token_cosine": float(cosines.mean()), "min_token_cosine": float(np.min(cosines))}


def kendall_tau(first: Floats, second: Floats) -> float:
    """Kendall's rank correlation with its correction for ties (tau-b, Biometrika 1945).

    1 for the same order, −1 for the reverse; 0 where only one of the two tells the items apart.
    """
    above = np.triu_indices(len(first), k=1)
    signs = [np.sign(np.subtract.outer(scores, scores))[above] for scores in (first, second)]
    told_apart = [float(np.abs(sign).sum()) for sign in signs]
    if max(told_apart) == 0.0:
        return 1.0
    if min(told_apart) == 0.0:
        return 0.0
    return float((signs[0] * signs[1]).sum() / np.sqrt(told_apart[0] * told_apart[1]))


def _tau(before: Floats, after: Floats) -> float:
    return float(np.mean([kendall_tau(*rows) for rows in zip(before, after, strict=True)]))


def _cosines(before: Floats, after: Floats) -> Floats:
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    cosines: Floats = (before * after).sum(axis=1) / lengths
    return cosines


def _vectors(model: InstalledModel, precision: RunPrecision) -> Floats:
    encoder: Encoder = load_encoder(model, RunOptions(precision=precision, provider="cpu"))
    texts: Sequence[Text] = QUERIES if model.spec.role == "query" else PASSAGES
    return encoder.encode(texts)


def _token_states(model: InstalledModel, precision: str) -> Floats:
    """One row a token, of all passages."""
    options = RunOptions(provider="cpu")
    session = OnnxSession(model.graph(precision, "tokens"), options, precision=precision, low_latency=False)
    tokenizer = TextTokenizer(model.tokenizer_file, model.spec, max_positions=model.manifest.max_positions)
    windows = tokenizer.windows(PASSAGES)
    batches = (batch for window in windows for batch in cut_batches(window, session.token_budget))
    return np.concatenate([session.run(batch)[batch.mask == 1] for batch in batches])


def _scores(model: InstalledModel, precision: RunPrecision) -> Floats:
    """The scores of every query (row) with every passage (column)."""
    options = RunOptions(provider="cpu")
    session = OnnxSession(model.graph(precision), options, precision=precision, low_latency=False)
    tokenizer = TextTokenizer(model.tokenizer_file, model.spec, max_positions=model.manifest.max_positions)
    reranker = CrossEncoder(tokenizer, session, labels=model.manifest.labels)
    return np.stack([reranker.score(query, CROSS_PASSAGES) for query in CROSS_QUERIES])
