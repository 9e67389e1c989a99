"""The card of a trained set, as the hub's own reader and a person read it."""

from dataclasses import replace
from pathlib import Path

import pytest

from onnx_models import set_file
from onnx_models.specs import KNOWN_SETS
from onnx_models.training import model_card
from onnx_models.training.errors import BadRecord
from onnx_models.training.model_card import Data, Result, TrainingRecord

RERANKER = TrainingRecord(
    part="reranker",
    objective="It tells clicked articles from others.",
    started_from=("acme/tiny-bert", "source/encoder"),
    data=(
        Data(
            name="moss clicks",
            examples=1200,
            fingerprint="0123456789abcdef0123",
            licence="CC0",
            counts={"clicks": {"read": 5000, "navigational": 300}, "settings": {"seed": 2023}, "index": "/mine/index"},
        ),
    ),
    settings={"negatives": 31, "separator": " ", "loss": {"share": 0.5, "distillation": None}},
    steps=75,
    results=(Result(task="moss dev", measure="nDCG@10", before=0.25, after=0.75),),
    licence="apache-2.0",
)
RETRIEVER = replace(RERANKER, part="retriever", objective="It brings queries and articles together.", results=())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    set_file.write(tmp_path, replace(KNOWN_SETS["minilm"], name="mine"))
    return tmp_path


def test_the_hub_reads_its_head(folder: Path) -> None:
    hub = pytest.importorskip("huggingface_hub")
    found = hub.ModelCard.load(model_card.write(folder, RERANKER)).data
    assert found.license == "apache-2.0"
    assert found.language == ["en"]
    assert found.base_model == ["acme/tiny-bert"]
    assert found.datasets == ["moss clicks"]
    assert found.tags == ["biomedical", "information-retrieval", "reranker"]
    assert found.metrics == ["nDCG@10"]


def test_a_card_tells_data_settings_and_results(folder: Path) -> None:
    card = model_card.write(folder, RERANKER).read_text()
    for line in (
        "# mine",
        "- moss clicks: 1,200 examples; licence: CC0; fingerprint `0123456789abcdef`.",
        "  - clicks, navigational: 300",
        "| moss dev | nDCG@10 | 0.2500 | 0.7500 |",
        "- loss.share: `0.5`",
        '- separator: `" "`',
    ):
        assert line in card.splitlines()
    assert "distillation" not in card


def test_a_card_keeps_places_on_the_machine_to_itself(folder: Path) -> None:
    card = model_card.write(folder, RERANKER).read_text()
    assert "/mine/index" not in card
    assert "2,023" not in card


def test_two_trainings_share_a_card(folder: Path) -> None:
    model_card.write(folder, RETRIEVER)
    card = model_card.write(folder, RERANKER).read_text()
    assert card.index("## Retriever") < card.index("## Re-ranker")
    assert "Nothing was measured" in card


def test_a_training_done_again_replaces_its_own_part(folder: Path) -> None:
    model_card.write(folder, RERANKER)
    card = model_card.write(folder, replace(RERANKER, steps=4321)).read_text()
    assert card.count("## Re-ranker") == 1
    assert "took 4,321 steps" in card


def test_a_readme_that_somebody_wrote_is_kept(folder: Path) -> None:
    (folder / "README.md").write_text("Mine.")
    assert model_card.write(folder, RERANKER).name == "MODEL_CARD.md"
    assert (folder / "README.md").read_text() == "Mine."


def test_a_garbled_record_is_named(folder: Path) -> None:
    model_card.write(folder, RETRIEVER)
    (folder / "training" / "retriever" / "record.json").write_text("{")
    with pytest.raises(BadRecord, match="retriever"):
        model_card.write(folder, RERANKER)
