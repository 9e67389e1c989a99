"""`biocpt models` from getting a checkpoint to removing the set, as a user types it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from onnx_models.errors import DownloadFailed, ModelNotExported, ModelNotInstalled, UnknownModel, UnsupportedCheckpoint
from onnx_models.installed import find
from search.cli.models import command
from tests.onnx_models import checkpoints
from tests.onnx_models.checkpoints import Shape

SHAPE = Shape(hidden=64, intermediate=128, vocabulary=600, positions=256, deviation=0.05)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return checkpoints.write(tmp_path / "checkpoint", SHAPE)


def _run(home: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(command, [*arguments, "--home", str(home)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_one_command_makes_a_set_ready(tmp_path: Path, source: Path) -> None:
    result = _run(tmp_path, "pull", "bge-small", "--from", str(source), "--precision", "int8")
    assert result.exit_code == 0
    assert "max abs difference" in result.stderr
    assert result.stdout == ""
    assert set(find(tmp_path, "bge-small").query.manifest.graphs) == {"fp32", "tokens-fp32", "int8", "tokens-int8"}


def test_pulling_again_does_nothing(tmp_path: Path, source: Path) -> None:
    _run(tmp_path, "pull", "bge-small", "--from", str(source))
    before = find(tmp_path, "bge-small")
    result = _run(tmp_path, "pull", "bge-small", "--endpoint", "http://127.0.0.1:9")
    assert result.exit_code == 0
    assert "Exporting" not in result.stderr
    assert find(tmp_path, "bge-small") == before


def test_a_pull_that_failed_is_not_ready_the_next_time(tmp_path: Path, source: Path) -> None:
    _run(tmp_path, "pull", "bge-small", "--from", str(source))
    weights = checkpoints.random_weights(SHAPE, seed=7)
    weights["encoder.layer.1.output.dense.weight"][0, 0] = float("nan")
    broken = checkpoints.write(tmp_path / "broken", SHAPE, weights=weights)
    for arguments in (["--from", str(broken)], []):
        with pytest.raises(UnsupportedCheckpoint, match="not finite"):
            _run(tmp_path, "pull", "bge-small", *arguments)


def test_pull_without_export_leaves_the_export_for_later(tmp_path: Path, source: Path) -> None:
    _run(tmp_path, "pull", "minilm", "--from", str(source), "--no-export")
    with pytest.raises(ModelNotExported, match="biocpt models export"):
        find(tmp_path, "minilm")
    _run(tmp_path, "export", "minilm")
    assert find(tmp_path, "minilm").article.graph().is_file()


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match="medcpt, minilm"):
        _run(tmp_path, "pull", "bert")


def test_no_hub_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="--from DIR"):
        _run(tmp_path, "pull", "medcpt", "--endpoint", "http://127.0.0.1:9")


def test_list_tells_known_from_ready_and_damaged(tmp_path: Path, source: Path) -> None:
    for name in ("minilm", "bge-small", "bge-base"):
        _run(tmp_path, "pull", name, "--from", str(source), *(["--no-export"] if name == "bge-base" else []))
    (tmp_path / "models" / "bge-small" / "encoder" / "weights.bin").write_bytes(b"")
    sets = json.loads(_run(tmp_path, "list", "--json").stdout)["sets"]
    assert {row["name"]: row["state"] for row in sets} == {
        "medcpt": "known",
        "minilm": "ready",
        "bge-small": "damaged",
        "bge-base": "not exported",
    }
    assert "bge-base       not exported" in _run(tmp_path, "list").stdout


def test_info_tells_that_the_settings_have_changed_since_the_export(tmp_path: Path, source: Path) -> None:
    _run(tmp_path, "pull", "minilm", "--from", str(source))
    before = find(tmp_path, "minilm").query.fingerprint
    assert "set.toml has changed" not in _run(tmp_path, "info", "minilm").stdout
    file = tmp_path / "models" / "minilm" / "set.toml"
    file.write_text(file.read_text().replace("max_tokens = 256", "max_tokens = 128", 1))
    assert f"set.toml has changed since the export, when it was {before}" in _run(tmp_path, "info", "minilm").stdout


def test_info_says_how_well_each_graph_was_verified(tmp_path: Path, source: Path) -> None:
    _run(tmp_path, "pull", "minilm", "--from", str(source))
    article = json.loads(_run(tmp_path, "info", "minilm", "--json").stdout)["sides"]["article"]
    assert article["graphs"]["fp32"]["figures"]["max_abs_difference"] <= 1e-4
    assert article["fingerprint"] == find(tmp_path, "minilm").article.fingerprint
    assert article["pooling"] == "mean"
    assert article["fingerprint"] in _run(tmp_path, "info", "minilm").stdout


def test_quantize_reports_the_drift(tmp_path: Path, source: Path) -> None:
    _run(tmp_path, "pull", "minilm", "--from", str(source))
    report = json.loads(_run(tmp_path, "quantize", "minilm", "--json").stdout)
    assert report["models"]["encoder"]["int8"]["figures"]["mean_cosine"] >= 0.99


def test_verify_compares_with_the_checkpoint_while_it_is_kept(tmp_path: Path, source: Path) -> None:
    _run(tmp_path, "pull", "minilm", "--from", str(source))
    assert "from its checkpoint" in _run(tmp_path, "verify", "minilm").stdout
    assert len(json.loads(_run(tmp_path, "verify", "minilm", "--json").stdout)["parity"]) == 1
    _run(tmp_path, "remove", "minilm", "--source", "--yes")
    assert "not compared" in _run(tmp_path, "verify", "minilm").stdout


def test_remove_asks_first(tmp_path: Path, source: Path) -> None:
    _run(tmp_path, "pull", "minilm", "--from", str(source))
    refused = CliRunner().invoke(command, ["remove", "minilm", "--home", str(tmp_path)], input="n\n")
    assert refused.exit_code == 1
    assert find(tmp_path, "minilm").folder.exists()
    _run(tmp_path, "remove", "minilm", "--yes")
    with pytest.raises(ModelNotInstalled):
        find(tmp_path, "minilm")


def test_a_folder_with_a_set_file_is_named_by_its_path(tmp_path: Path, source: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "set.toml").write_text('[query]\ncheckpoint = "../checkpoint"\npooling = "mean"\n')
    report = json.loads(_run(tmp_path, "export", str(folder), "--json").stdout)
    assert list(report["models"]) == ["encoder"]
    assert "mine in" in _run(tmp_path, "info", str(folder)).stdout


@pytest.mark.parametrize("name", ["pull", "list", "info", "export", "quantize", "verify", "remove"])
def test_every_option_has_help(name: str) -> None:
    options = [parameter for parameter in command.commands[name].params if parameter.param_type_name == "option"]
    assert all(getattr(option, "help", None) for option in options)
