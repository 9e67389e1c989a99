"""A disk that is full: one line, and what was there before."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from onnx_models import hub
from onnx_models.errors import StorageFailed
from onnx_models.export import export_set
from onnx_models.hub import HubAccess
from onnx_models.installed import load
from onnx_models.quantize import quantize_set
from onnx_models.specs import KNOWN_SETS
from tests.onnx_models import checkpoints
from tests.onnx_models.hub_server import serve

BGE = KNOWN_SETS["bge-small"]


@contextmanager
def _no_room() -> Iterator[None]:
    """No file may grow beyond 20 kB: writing fails as it does on a full disk, with another number."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_an_export_that_finds_no_room_keeps_the_one_before(tmp_path: Path) -> None:
    before = checkpoints.install(tmp_path, "bge-small")
    with _no_room(), pytest.raises(StorageFailed, match=r"encoder'\: File too large") as raised:
        export_set(before.folder)
    assert "\n" not in str(raised.value)
    assert load(before.folder) == before
    assert sorted(path.name for path in before.folder.iterdir()) == ["encoder", "set.toml", "source"]


def test_quantising_that_finds_no_room_leaves_the_set_as_it_was(tmp_path: Path) -> None:
    before = checkpoints.install(tmp_path, "bge-small")
    with _no_room(), pytest.raises(StorageFailed, match="File too large"):
        quantize_set(before, "int8")
    assert load(before.folder) == before
    assert not (before.folder / "encoder" / ".int8.partial").exists()


def test_a_download_that_finds_no_room_does_not_blame_the_hub(tmp_path: Path) -> None:
    source = checkpoints.write(tmp_path / "bge")
    with serve({BGE.query.checkpoint: source}) as server, _no_room(), pytest.raises(StorageFailed):
        hub.pull(BGE, tmp_path / "set", HubAccess(endpoint=server.endpoint))


def test_a_copy_that_finds_no_room_is_one_line(tmp_path: Path) -> None:
    source = checkpoints.write(tmp_path / "bge")
    with _no_room(), pytest.raises(StorageFailed):
        hub.pull_from(BGE, tmp_path / "set", source)
    assert not (tmp_path / "set").exists()
