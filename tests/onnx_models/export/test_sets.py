"""Exporting and re-checking whole sets; a failed export leaves nothing usable and nothing half-written."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from onnx_models.errors import ManifestMismatch, ModelNotExported, ParityFailure, UnsupportedCheckpoint
from onnx_models.export import export_set, is_current, reference, torch_reference, verify_set
from onnx_models.installed import load
from onnx_models.manifest import Output
from onnx_models.specs import KNOWN_SETS
from onnx_models.verify import Array, Feed
from tests.onnx_models import checkpoints

MEDCPT = KNOWN_SETS["medcpt"]


def test_each_side_is_exported_to_its_own_folder(tmp_path: Path) -> None:
    folder = checkpoints.write_set(tmp_path / "medcpt", MEDCPT)
    assert list(export_set(folder)) == ["query", "article", "cross"]
    assert sorted(path.name for path in folder.iterdir()) == ["article", "cross", "query", "set.toml", "source"]
    assert sorted(path.name for path in (folder / "article").iterdir()) == [
        "model.json",
        "model.onnx",
        "tokenizer.json",
        "weights.bin",
    ]


def test_a_failed_parity_leaves_nothing_usable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = checkpoints.write_set(tmp_path / "medcpt", MEDCPT)
    _break_reference(monkeypatch, 1e-3)
    with pytest.raises(ParityFailure, match=r"medcpt-query.*0\.001.*allowed 0\.0001"):
        export_set(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["set.toml", "source"]
    with pytest.raises(ModelNotExported):
        load(folder)


def test_a_reference_that_is_not_finite_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = checkpoints.write_set(tmp_path / "medcpt", MEDCPT)
    _break_reference(monkeypatch, float("nan"))
    with pytest.raises(ParityFailure):
        export_set(folder)


def test_weights_that_overflow_fail_without_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_reference, "is_available", lambda: False)
    folder = checkpoints.write_set(tmp_path / "minilm", KNOWN_SETS["minilm"])
    weights = {name: value * np.float32(1e20) for name, value in checkpoints.random_weights(checkpoints.TINY).items()}
    checkpoints.write(folder / "source" / "encoder", weights=weights)
    with pytest.raises(ParityFailure, match="inf"):
        export_set(folder)


def test_a_failed_export_keeps_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = checkpoints.install(tmp_path)
    _break_reference(monkeypatch, 1.0)
    with pytest.raises(ParityFailure):
        export_set(before.folder)
    assert load(before.folder) == before


def test_a_set_is_current_until_its_checkpoint_changes(tmp_path: Path) -> None:
    folder = checkpoints.write_set(tmp_path / "minilm", KNOWN_SETS["minilm"])
    assert not is_current(folder)
    export_set(folder)
    assert is_current(folder)
    checkpoints.write(folder / "source" / "encoder", seed=9)
    assert not is_current(folder)
    checkpoints.write(folder / "source" / "encoder", tokenizer="vocab.txt")
    (folder / "source" / "encoder" / "tokenizer.json").unlink()
    assert not is_current(folder)
    shutil.rmtree(folder / "source")
    assert is_current(folder)


def test_leftovers_of_a_killed_export_are_cleared(tmp_path: Path) -> None:
    folder = checkpoints.write_set(tmp_path / "minilm", KNOWN_SETS["minilm"])
    (folder / ".encoder.partial").mkdir()
    (folder / ".encoder.partial" / "weights.bin").write_bytes(b"half")
    export_set(folder)
    assert not (folder / ".encoder.partial").exists()
    load(folder)


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / "set.toml").write_text('[query]\ncheckpoint = "nowhere"\n')
    with pytest.raises(UnsupportedCheckpoint, match=r"nowhere.*no config\.json.*Correct \[query\] checkpoint"):
        export_set(tmp_path)


def test_verify_compares_with_the_checkpoints_again(tmp_path: Path) -> None:
    models = checkpoints.install(tmp_path)
    compared = verify_set(models.folder)
    assert [parity.model for parity in compared] == ["medcpt-query", "medcpt-article", "medcpt-cross"]
    assert max(parity.max_abs_difference for parity in compared) <= 1e-4


def test_verify_without_the_checkpoints_checks_the_hashes(tmp_path: Path) -> None:
    models = checkpoints.install(tmp_path, "minilm")
    (models.folder / "source").rename(tmp_path / "away")
    assert verify_set(models.folder) == []


def test_verify_finds_a_checkpoint_that_was_exchanged(tmp_path: Path) -> None:
    models = checkpoints.install(tmp_path, "minilm")
    checkpoints.write(models.folder / "source" / "encoder", seed=9)
    with pytest.raises(ManifestMismatch, match="other weights"):
        verify_set(models.folder)


def _break_reference(monkeypatch: pytest.MonkeyPatch, error: float) -> None:
    """Compare with a forward pass that is off by `error`: a graph that is wrong by as much."""
    monkeypatch.setattr(torch_reference, "is_available", lambda: False)
    compute = reference.compute

    def wrong(*arguments: object) -> object:
        right = compute(*arguments)  # type: ignore[arg-type]

        def forward(feed: Feed, output: Output) -> Array:
            return right(feed, output) + np.float32(error)

        return forward

    monkeypatch.setattr(reference, "compute", wrong)
