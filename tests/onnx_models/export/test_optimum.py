"""The optimum route: the same contract and numbers as the direct one, and architectures that one cannot read."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from onnx_models import verify
from onnx_models.errors import MissingExtra, UnsupportedCheckpoint
from onnx_models.export import Route, export_model, optimum
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


GAPS = ("encoder.layer.1.output.dense.bias", "encoder.layer.0.attention.output.LayerNorm.weight")


@pytest.mark.slow
@pytest.mark.usefixtures("extra")
@pytest.mark.parametrize("route", ["direct", "optimum"])
def test_what_a_checkpoint_lacks_is_named_and_not_made_up(tmp_path: Path, route: Route) -> None:
    weights = {name: value for name, value in checkpoints.random_weights(TINY).items() if name not in GAPS}
    source = checkpoints.write(tmp_path / "source", weights=weights)
    with pytest.raises(UnsupportedCheckpoint, match=f"no tensor '({'|'.join(GAPS)})'"):
        export_model(CLS, source, tmp_path / "model", route=route)
    assert not (tmp_path / "model").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("extra")
def test_an_encoder_needs_no_pooler_and_a_cross_encoder_does(tmp_path: Path) -> None:
    weights = checkpoints.random_weights(TINY_CROSS)
    del weights["pooler.dense.weight"], weights["pooler.dense.bias"]
    source = checkpoints.write(tmp_path / "cross", TINY_CROSS, weights=weights)
    with pytest.raises(UnsupportedCheckpoint, match=r"no tensor 'bert\.pooler\.dense\.bias'"):
        export_model(CROSS, source, tmp_path / "model", route="optimum")
    export_model(CLS, checkpoints.write(tmp_path / "source", weights=weights), tmp_path / "model", route="optimum")


def _garble(folder: Path, **config: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **config}))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "sizes": (lambda folder: _garble(folder, intermediate_size=63), "size mismatch for"),
    "code of its own": (
        lambda folder: _garble(folder, model_type="own", auto_map={"AutoConfig": "code.Own", "AutoModel": "code.Own"}),
        "custom code",
    ),
    "types": (lambda folder: _garble(folder, hidden_dropout_prob="x"), "transformers says"),
    "weights": (lambda folder: (folder / "model.safetensors").write_bytes(b"xx"), "model.safetensors cannot be read"),
    "pickle": (
        lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"),
        "pytorch_model.bin cannot be read",
    ),
}


@pytest.mark.slow
@pytest.mark.usefixtures("extra")
@pytest.mark.parametrize(("damage", "said"), DAMAGE.values(), ids=DAMAGE)
def test_what_transformers_cannot_open_is_one_line(tmp_path: Path, damage: Callable[[Path], object], said: str) -> None:
    source = checkpoints.write(tmp_path / "source")
    damage(source)
    with pytest.raises(UnsupportedCheckpoint, match=said) as raised:
        export_model(CLS, source, tmp_path / "model", route="optimum")
    assert "\n" not in str(raised.value)


def test_without_the_extra_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = checkpoints.write(tmp_path / "source")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'biocpt-search\[export\]'"):
        export_model(CLS, source, tmp_path / "model", route="optimum")
    assert not (tmp_path / "model").exists()
