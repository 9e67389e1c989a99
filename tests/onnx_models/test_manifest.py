"""model.json: what is written is read back, and a folder that does not match is refused."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onnx_models import manifest as manifests
from onnx_models.errors import ManifestMismatch
from onnx_models.export import export_model
from onnx_models.specs import ModelSpec
from tests.onnx_models import checkpoints


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    spec = ModelSpec(name="tiny", role="article", checkpoint="tiny", revision="r1")
    export_model(spec, checkpoints.write(tmp_path / "source"), tmp_path / "model", tokens=True)
    return tmp_path / "model"


def _edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "model.json"
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def test_what_is_written_is_read_back(folder: Path) -> None:
    manifest = manifests.read(folder)
    manifests.write(folder, manifest)
    assert manifests.read(folder) == manifest
    assert manifest.source.revision == "r1"
    assert manifest.source.architecture == "BertModel"


def test_the_digests_are_those_of_sha256sum(tmp_path: Path) -> None:
    """SHA-256 of "abc", from FIPS 180-2, appendix B.1."""
    (tmp_path / "abc").write_text("abc")
    assert manifests.sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_copied_folder_is_accepted_although_its_times_differ(folder: Path) -> None:
    for path in folder.iterdir():
        os.utime(path, (1, 1))
    manifests.check(folder, manifests.read(folder))


def test_a_file_of_another_size_is_refused(folder: Path) -> None:
    with (folder / "model.onnx").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(ManifestMismatch, match=r"model\.onnx has \d+ bytes"):
        manifests.check(folder, manifests.read(folder))


def test_a_changed_file_of_the_same_size_is_refused_at_once_when_its_time_shows_it(folder: Path) -> None:
    _flip_a_byte(folder / "weights.bin")
    os.utime(folder / "weights.bin", (1, 1))
    with pytest.raises(ManifestMismatch, match="SHA-256 differs"):
        manifests.check(folder, manifests.read(folder))


def test_a_full_check_finds_a_changed_file_whose_time_was_kept(folder: Path) -> None:
    weights = folder / "weights.bin"
    before = weights.stat()
    _flip_a_byte(weights)
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    manifests.check(folder, manifests.read(folder))
    with pytest.raises(ManifestMismatch, match="SHA-256 differs"):
        manifests.check(folder, manifests.read(folder), full=True)


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / "tokens.onnx").unlink()
    with pytest.raises(ManifestMismatch, match=r"tokens\.onnx is missing"):
        manifests.check(folder, manifests.read(folder))


DAMAGE: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "newer format": (lambda data: data.update(format=99), "format 99, this version reads 1"),
    "no source": (lambda data: data.pop("source"), "malformed"),
    "unknown kind": (lambda data: data.update(kind="decoder"), "decoder.*encoder, cross"),
    "unknown precision": (lambda data: data["graphs"]["fp32"].update(precision="fp8"), "fp8"),
    "graph without files": (lambda data: data["graphs"]["fp32"].update(files=[]), "without files"),
    "path outside": (lambda data: data["tokenizer"].update(name="../../secret"), "plain file name"),
    "no width": (lambda data: data.update(hidden_size=0), "0 is out of range"),
    "width beyond memory": (lambda data: data.update(hidden_size=10**12), "out of range"),
    "width as text": (lambda data: data.update(hidden_size="32"), "'32' is not a whole number"),
    "no positions": (lambda data: data.update(max_positions=-1), "-1 is out of range"),
    "positions as fraction": (lambda data: data.update(max_positions=1.5), "1.5 is not a whole number"),
    "labels as truth": (lambda data: data.update(labels=True), "True is not a whole number"),
    "digest as number": (lambda data: data["source"].update(weights_sha256=5), "5 is not a text"),
    "bytes as text": (lambda data: data["tokenizer"].update(bytes="5"), "'5' is not a whole number"),
    "graphs is a list": (lambda data: data.update(graphs=[]), "malformed"),
}


@pytest.mark.parametrize(("change", "message"), DAMAGE.values(), ids=DAMAGE)
def test_a_malformed_manifest_is_refused(
    folder: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    _edit(folder, change)
    with pytest.raises(ManifestMismatch, match=message):
        manifests.read(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_manifest_that_is_no_object_is_refused(folder: Path, text: str) -> None:
    (folder / "model.json").write_text(text)
    with pytest.raises(ManifestMismatch):
        manifests.read(folder)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestMismatch, match=r"no model\.json"):
        manifests.read(tmp_path)


def _flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
