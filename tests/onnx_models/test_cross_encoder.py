from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from onnx_models import InstalledSet, load_reranker
from onnx_models.errors import UnsuitableModel, UnsupportedCheckpoint
from onnx_models.specs import KNOWN_SETS
from tests.onnx_models import checkpoints, reading

QUERY = "aspirin after stroke"
PASSAGES = [("Aspirin in stroke", "A trial of aspirin."), ("", "Sleep in children."), ("Diet", "")]


def with_labels(folder: Path, labels: int) -> InstalledSet:
    """A set whose cross-encoder has that many labels."""
    model_set = KNOWN_SETS["medcpt"]
    place = folder / "source" / "cross"
    checkpoints.write(place, replace(checkpoints.TINY, labels=labels), seed=5)
    return reading.installed(folder, model_set)


def test_the_score_is_the_raw_logit_of_query_and_joined_passage(medcpt: InstalledSet) -> None:
    reranker = load_reranker(medcpt, "cross")
    assert reranker is not None
    joined = ("Aspirin in stroke A trial of aspirin.", "Sleep in children.", "Diet")
    expected = [reading.states(medcpt, "cross", QUERY, text, output="logits")[0] for text in joined]
    np.testing.assert_allclose(reranker.score(QUERY, PASSAGES), expected, atol=1e-4)


def test_two_labels_score_by_their_difference(tmp_path: Path) -> None:
    models = with_labels(tmp_path / "two", 2)
    reranker = load_reranker(models, "cross")
    assert reranker is not None
    no, yes = reading.states(models, "cross", QUERY, "Diet", output="logits")
    np.testing.assert_allclose(reranker.score(QUERY, [("Diet", "")]), [yes - no], atol=1e-4)


def test_a_classifier_of_three_kinds_is_no_reranker(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedCheckpoint, match=r"cross' cannot be used: its classifier has 3 labels"):
        with_labels(tmp_path / "three", 3)
    models = with_labels(tmp_path / "one", 1)
    assert models.cross is not None
    three = replace(models.cross, manifest=replace(models.cross.manifest, labels=3))
    with pytest.raises(UnsuitableModel, match=r"'medcpt-cross' .* 3 labels"):
        load_reranker(replace(models, cross=three), "cross")
