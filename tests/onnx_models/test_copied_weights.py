"""A model that was opened with its weights copied goes on whatever happens to its files."""

import gc
import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from onnx_models import InstalledSet, RunOptions, load_encoder, load_reranker
from onnx_models.errors import BadGraph
from onnx_models.installed import load
from onnx_models.runtime import Backend
from onnx_models.session import OnnxSession

PASSAGES = [("Statins in heart disease", "A trial of statins."), ("Sleep", "")]

backends = pytest.mark.parametrize(
    "backend",
    [
        "onnx",
        pytest.param(
            "openvino",
            marks=pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="openvino is not installed"),
        ),
    ],
)


def a_copy(models: InstalledSet, folder: Path) -> InstalledSet:
    shutil.copytree(models.folder, folder)
    return load(folder)


def overwrite(models: InstalledSet) -> None:
    """With as many zeros, in place."""
    for file in models.folder.rglob("*.*"):
        if file.is_file():
            file.write_bytes(b"\0" * file.stat().st_size)


def cut_short(models: InstalledSet) -> None:
    """A mapped file that ends early ends the process that reads on."""
    for file in models.folder.rglob("*.bin"):
        file.write_bytes(b"")


@backends
@pytest.mark.parametrize("change", [overwrite, cut_short])
def test_vectors_and_scores_stay_the_same(
    medcpt: InstalledSet, tmp_path: Path, backend: Backend, change: Callable[[InstalledSet], None]
) -> None:
    models, options = a_copy(medcpt, tmp_path / "set"), RunOptions(backend=backend, threads=1, copy_weights=True)
    encoder, reranker = load_encoder(models.article, options), load_reranker(models, "cross", options)
    assert reranker is not None
    vectors, scores = encoder.encode(PASSAGES), reranker.score("heart", PASSAGES)
    change(models)
    gc.collect()
    np.testing.assert_array_equal(encoder.encode(PASSAGES), vectors)
    np.testing.assert_array_equal(reranker.score("heart", PASSAGES), scores)
    assert np.abs(vectors).max() > 0


def test_copied_weights_give_what_mapped_ones_give(minilm: InstalledSet) -> None:
    """Both graphs of it: vectors, and the token states of late interaction."""
    for options in (RunOptions(copy_weights=True), RunOptions()):
        reranker = load_reranker(minilm, "late", options)
        assert reranker is not None
        vectors, scores = load_encoder(minilm.query, options).encode(["heart"]), reranker.score("heart", PASSAGES)
        if options.copy_weights:
            copied = vectors, scores
    np.testing.assert_allclose(copied[0], vectors, atol=1e-6)
    np.testing.assert_allclose(copied[1], scores, atol=1e-6)


def test_a_graph_whose_weights_are_not_there_is_named(medcpt: InstalledSet, tmp_path: Path) -> None:
    models = a_copy(medcpt, tmp_path / "set")
    graph = models.query.graph()
    for file in graph.parent.glob("*.bin"):
        file.unlink()
    with pytest.raises(BadGraph, match=r"cannot open .*model\.onnx"):
        OnnxSession(graph, RunOptions(copy_weights=True), precision="fp32", low_latency=False)
