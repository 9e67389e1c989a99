"""A cross-encoder opened for training: its head, its logits, and what an export makes of it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from onnx_models import load_reranker, set_file  # noqa: E402
from onnx_models.errors import UnsupportedCheckpoint  # noqa: E402
from onnx_models.export import export_set  # noqa: E402
from onnx_models.installed import load  # noqa: E402
from onnx_models.specs import KNOWN_SETS, ModelSpec  # noqa: E402
from onnx_models.training import cross_start  # noqa: E402
from onnx_models.training.cross import CrossScorer, CrossSettings  # noqa: E402
from onnx_models.training.errors import NoSetToJoin  # noqa: E402
from tests.onnx_models import checkpoints  # noqa: E402
from tests.onnx_models.checkpoints import TINY, TINY_CROSS  # noqa: E402

SPEC = ModelSpec(name="tiny-cross", role="cross", checkpoint="tiny", max_tokens=64)
CPU = CrossSettings(device="cpu")
PASSAGES = [("Aspirin after stroke", "A trial in women."), ("Diet", ""), ("Sleep and risk of stroke", "")]


def scores(scorer: CrossScorer, query: str = "aspirin stroke") -> list[float]:
    scorer.modules["cross"].eval()
    with torch.no_grad():
        found: list[float] = scorer.score(scorer.read(query, PASSAGES)).tolist()
    return found


def test_an_encoder_gets_a_new_classifier_and_keeps_all_else(tmp_path: Path) -> None:
    folder = checkpoints.write(tmp_path / "encoder", TINY)
    scorer = CrossScorer(folder, SPEC, CPU)
    assert scorer.new == ("classifier",)
    weights = checkpoints.random_weights(TINY)
    kept = scorer.modules["cross"].state_dict()
    for name, value in weights.items():
        np.testing.assert_array_equal(kept[f"bert.{name}"].numpy(), value)


def test_an_encoder_without_a_pooler_gets_one(tmp_path: Path) -> None:
    weights = {name: value for name, value in checkpoints.random_weights(TINY).items() if "pooler" not in name}
    folder = checkpoints.write(tmp_path / "encoder", TINY, weights=weights)
    assert CrossScorer(folder, SPEC, CPU).new == ("pooler", "classifier")


def test_a_new_head_depends_on_its_seed_alone(tmp_path: Path) -> None:
    folder = checkpoints.write(tmp_path / "encoder", TINY)
    torch.manual_seed(1)
    first = scores(CrossScorer(folder, SPEC, CPU))
    torch.manual_seed(2)
    assert scores(CrossScorer(folder, SPEC, CPU)) == first
    assert scores(CrossScorer(folder, SPEC, replace(CPU, seed=5))) != first


def test_a_cross_encoder_keeps_its_head(tmp_path: Path) -> None:
    folder = checkpoints.write(tmp_path / "cross", TINY_CROSS)
    scorer = CrossScorer(folder, SPEC, CPU)
    assert scorer.new == ()
    network = transformers.BertForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
    texts = [f"{title} {abstract}".strip() for title, abstract in PASSAGES]
    expected = []
    for text in texts:
        with torch.no_grad():
            expected.append(network(**tokenizer("aspirin stroke", text, return_tensors="pt")).logits.item())
    assert scores(scorer) == pytest.approx(expected, abs=1e-5)


def test_a_classifier_with_other_labels_is_replaced(tmp_path: Path) -> None:
    folder = checkpoints.write(tmp_path / "classifier", replace(TINY, labels=3))
    assert CrossScorer(folder, SPEC, CPU).new == ("classifier",)


def test_padding_between_the_texts_changes_positions_and_nothing_else(tmp_path: Path) -> None:
    """Where all positions have the same embedding, both layouts give the same logits: so padding is masked."""
    weights = checkpoints.random_weights(TINY_CROSS)
    weights["embeddings.position_embeddings.weight"][:] = 0.1
    folder = checkpoints.write(tmp_path / "cross", TINY_CROSS, weights=weights)
    packed = scores(CrossScorer(folder, SPEC, CPU))
    assert scores(CrossScorer(folder, SPEC, replace(CPU, layout="fixed32"))) == pytest.approx(packed, abs=1e-5)


def test_bf16_is_near_fp32(tmp_path: Path) -> None:
    folder = checkpoints.write(tmp_path / "cross", TINY_CROSS)
    exact = scores(CrossScorer(folder, SPEC, CPU))
    rounded = scores(CrossScorer(folder, SPEC, replace(CPU, precision="bf16")))
    assert rounded != exact
    assert rounded == pytest.approx(exact, abs=0.1)


def test_a_model_that_tells_no_segments_apart_is_refused(tmp_path: Path) -> None:
    folder = checkpoints.write(tmp_path / "cross", replace(TINY, token_types=1))
    with pytest.raises(UnsupportedCheckpoint, match="reads pairs"):
        CrossScorer(folder, SPEC, CPU)


def test_a_checkpoint_that_lacks_a_layer_is_refused(tmp_path: Path) -> None:
    weights = checkpoints.random_weights(TINY)
    del weights["encoder.layer.1.output.dense.weight"]
    folder = checkpoints.write(tmp_path / "encoder", TINY, weights=weights)
    with pytest.raises(UnsupportedCheckpoint, match=r"layer\.1\.output\.dense\.weight"):
        CrossScorer(folder, SPEC, CPU)


def test_a_cross_encoder_alone_has_no_set_to_join(tmp_path: Path) -> None:
    folder = checkpoints.write(tmp_path / "encoder", TINY)
    with pytest.raises(NoSetToJoin, match="nothing to add a re-ranker to"):
        cross_start.join(tmp_path / "new", cross_start.find(tmp_path, str(folder)))


def test_a_set_with_a_cross_encoder_starts_from_that(tmp_path: Path) -> None:
    folder = checkpoints.write_set(tmp_path / "medcpt", KNOWN_SETS["medcpt"])
    start = cross_start.find(tmp_path, str(folder))
    assert start.checkpoint == folder / "source" / "cross"
    assert start.spec == KNOWN_SETS["medcpt"].cross
    assert start.made_from == "ncbi/MedCPT-Cross-Encoder"


def test_a_set_without_one_starts_from_its_article_encoder_and_reads_as_much(tmp_path: Path) -> None:
    folder = checkpoints.write_set(tmp_path / "minilm", KNOWN_SETS["minilm"])
    start = cross_start.find(tmp_path, str(folder))
    assert start.checkpoint == folder / "source" / "encoder"
    assert (start.spec.role, start.spec.max_tokens) == ("cross", 256)


@pytest.mark.slow
def test_a_saved_scorer_scores_the_same_when_searching(tmp_path: Path) -> None:
    """Out of the set's own encoder, through export and verification, to the re-ranker that search opens."""
    start_folder = checkpoints.write_set(tmp_path / "start", replace(KNOWN_SETS["minilm"], name="start"))
    start, out = cross_start.find(tmp_path, str(start_folder)), tmp_path / "mine"
    cross_start.join(out, start)
    scorer = CrossScorer(start.checkpoint, start.spec, CPU)
    scorer.save(out)
    made = set_file.read(out)
    assert made.cross is not None
    assert (made.cross.name, made.cross.checkpoint) == ("mine-cross", "source/cross")
    assert made.tied
    assert json.loads((out / "source" / "cross" / "config.json").read_text())["architectures"] == [
        "BertForSequenceClassification"
    ]
    export_set(out)
    reranker = load_reranker(load(out), "cross")
    assert reranker is not None
    np.testing.assert_allclose(reranker.score("aspirin stroke", PASSAGES), scores(scorer), atol=1e-4)
