"""The optimum route: the same contract and numbers as the direct one, and architectures that one cannot read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from onnx_models import verify
from onnx_models.errors import MissingExtra, UnsupportedCheckpoint
from onnx_models.export import export_model, optimum
from onnx_models.export.checkpoint import open_checkpoint
from onnx_models.export.job import accepted_input
from onnx_models.specs import ModelSpec
from tests.onnx_models import checkpoints
from tests.onnx_models.checkpoints import TINY, TINY_CROSS, Shape

CLS = ModelSpec(name="tiny", role="article", checkpoint="tiny")
CROSS = replace(CLS, role="cross")


@pytest.fixture
def extra() -> None:
    """Skip where the `export` extra is not installed."""
    try:
        optimum.require()
    except MissingExtra as error:
        pytest.skip(str(error))


@pytest.mark.slow
@pytest.mark.usefixtures("extra")
@pytest.mark.parametrize(
    ("spec", "shape"),
    [(CLS, TINY), (replace(CLS, pooling="mean"), TINY), (CROSS, TINY_CROSS)],
    ids=["cls", "mean", "cross"],
)
def test_both_routes_give_the_same_numbers(tmp_path: Path, spec: ModelSpec, shape: Shape) -> None:
    source = checkpoints.write(tmp_path / "source", shape)
    direct = export_model(spec, source, tmp_path / "direct", tokens=True)
    other = export_model(spec, source, tmp_path / "optimum", route="optimum", tokens=True)
    assert list(direct.graphs) == list(other.graphs)
    for name in direct.graphs:
        first, second = (
            verify.open_graph(tmp_path / route / manifest.graphs[name].file)
            for route, manifest in (("direct", direct), ("optimum", other))
        )
        for feed in verify.feeds(accepted_input(open_checkpoint(source))):
            np.testing.assert_allclose(first(feed), second(feed), atol=1e-4)


@pytest.mark.slow
@pytest.mark.usefixtures("extra")
@pytest.mark.parametrize("family", ["DistilBert", "Roberta"])
def test_other_architectures_are_exported_with_the_same_inputs(tmp_path: Path, family: str) -> None:
    transformers = pytest.importorskip("transformers")
    source = checkpoints.write(tmp_path / "source")
    sizes = {
        "DistilBert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64, "vocab_size": 160},
        "Roberta": {
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "intermediate_size": 64,
            "vocab_size": 160,
            "max_position_embeddings": 66,
            "type_vocab_size": 1,
        },
    }
    config = getattr(transformers, f"{family}Config")(**sizes[family])
    getattr(transformers, f"{family}Model")(config).save_pretrained(source)
    with pytest.raises(UnsupportedCheckpoint, match="--route optimum"):
        export_model(CLS, source, tmp_path / "model")
    manifest = export_model(CLS, source, tmp_path / "model", route="optimum")
    assert manifest.hidden_size == 32
    assert manifest.graphs["fp32"].figures["max_abs_difference"] <= 1e-4


@pytest.mark.slow
@pytest.mark.usefixtures("extra")
def test_pickled_weights_are_exported_by_either_route(tmp_path: Path) -> None:
    source = checkpoints.write(tmp_path / "source", file="pytorch_model.bin")
    digests = {
        export_model(CLS, source, tmp_path / "model", route="direct").source.weights_sha256,
        export_model(CLS, source, tmp_path / "model", route="optimum").source.weights_sha256,
    }
    assert len(digests) == 1


def test_without_the_extra_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = checkpoints.write(tmp_path / "source")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'biocpt-search\[export\]'"):
        export_model(CLS, source, tmp_path / "model", route="optimum")
    assert not (tmp_path / "model").exists()
