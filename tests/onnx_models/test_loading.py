from dataclasses import replace
from pathlib import Path

import pytest

from onnx_models import InstalledSet, RunOptions, load_encoder, load_reranker
from onnx_models.errors import BadRunOption, ModelNotExported, UnsuitableModel
from onnx_models.export import export_set
from onnx_models.installed import load
from tests.onnx_models import checkpoints


def test_auto_takes_the_cross_encoder_where_there_is_one(medcpt: InstalledSet) -> None:
    reranker = load_reranker(medcpt, "auto")
    assert reranker is not None
    assert reranker.kind == "cross"
    assert reranker.name == "medcpt-cross"


@pytest.mark.parametrize("name", ["minilm", "bge"])
def test_auto_takes_late_interaction_where_both_sides_share_weights(name: str, request: pytest.FixtureRequest) -> None:
    reranker = load_reranker(request.getfixturevalue(name), "auto")
    assert reranker is not None
    assert reranker.kind == "late"


def test_auto_is_none_where_towers_differ_and_there_is_no_cross_encoder(medcpt: InstalledSet) -> None:
    assert load_reranker(without_cross(medcpt), "auto") is None


def test_the_same_weights_in_two_folders_are_shared_weights(tmp_path: Path) -> None:
    """By what the checkpoints hold, not by what set.toml calls them."""
    for name in ("a", "b"):
        checkpoints.write(tmp_path / name)
    (tmp_path / "set.toml").write_text('[query]\ncheckpoint = "a"\n[article]\ncheckpoint = "b"\n')
    export_set(tmp_path)
    reranker = load_reranker(load(tmp_path), "auto")
    assert reranker is not None
    assert reranker.kind == "late"


def test_auto_is_none_where_no_graph_of_token_states_was_made(bge: InstalledSet) -> None:
    graphs = {"fp32": bge.article.manifest.graphs["fp32"]}
    article = replace(bge.article, manifest=replace(bge.article.manifest, graphs=graphs))
    assert load_reranker(replace(bge, article=article), "auto") is None
    with pytest.raises(ModelNotExported, match="biocpt models export"):
        load_reranker(replace(bge, article=article), "late")


def test_none_loads_nothing(medcpt: InstalledSet) -> None:
    assert load_reranker(medcpt, "none") is None


def test_late_interaction_is_refused_for_towers_with_different_weights(medcpt: InstalledSet) -> None:
    with pytest.raises(UnsuitableModel, match=r"'medcpt' .* different weights"):
        load_reranker(medcpt, "late")


def test_a_cross_encoder_that_is_not_there_is_refused(minilm: InstalledSet) -> None:
    with pytest.raises(UnsuitableModel, match=r"'minilm' .* no cross-encoder"):
        load_reranker(minilm, "cross")


def test_pairs_are_refused_for_a_model_of_one_segment(tmp_path: Path) -> None:
    """Its second segment would point outside of its embeddings; one that reads no segments takes any."""
    checkpoints.write(tmp_path / "a", checkpoints.Shape(token_types=1))
    text = '[query]\ncheckpoint = "a"\n[article]\ncheckpoint = "a"\n'
    (tmp_path / "set.toml").write_text(text)
    export_set(tmp_path)
    load_encoder(load(tmp_path).article).encode([("heart", "blood")])
    (tmp_path / "set.toml").write_text(text + 'layout = "pair"\n')
    model = load(tmp_path).article
    with pytest.raises(UnsuitableModel, match=r"tells 1 segment apart.*layout = 'concat'"):
        load_encoder(model)
    load_encoder(replace(model, manifest=replace(model.manifest, token_types=0)))


def test_a_precision_that_was_never_made_names_the_command_that_makes_it(minilm: InstalledSet) -> None:
    with pytest.raises(ModelNotExported, match="biocpt models quantize"):
        load_encoder(minilm.article, RunOptions(precision="int8"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"backend": "tensorflow"}, "backend cannot be 'tensorflow'. Allowed: onnx, openvino"),
        ({"precision": "fp8"}, "precision cannot be 'fp8'"),
        ({"precision": "bf16"}, "precision cannot be 'bf16'. Allowed: auto, fp32, fp16, int8 with onnx"),
        ({"backend": "openvino", "precision": "int8"}, "precision cannot be 'int8'"),
        ({"backend": "openvino", "provider": "cuda"}, "provider cannot be 'cuda'"),
        ({"threads": 0}, "threads cannot be 0. Allowed: 1 to 1024"),
        ({"threads": 100_000}, "threads cannot be 100000. Allowed: 1 to 1024"),
        ({"token_budget": -1}, "token_budget cannot be -1"),
    ],
)
def test_options_that_nothing_can_run_with_are_refused_at_once(options: dict[str, object], message: str) -> None:
    with pytest.raises(BadRunOption, match=message):
        RunOptions(**options)  # type: ignore[arg-type]


def without_cross(models: InstalledSet) -> InstalledSet:
    return InstalledSet(
        model_set=models.model_set, folder=models.folder, query=models.query, article=models.article, cross=None
    )
