import json
from pathlib import Path

import pytest

from onnx_models.training.dataset import open_dataset
from onnx_models.training.errors import BadDataset
from tests.onnx_models.training.dataset.invented import ranked, written


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written(tmp_path / "data", [ranked(query) for query in range(3)])
    return tmp_path / "data"


def test_a_folder_without_a_dataset_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadDataset, match=r"it has no dataset\.json.*biocpt train prepare"):
        open_dataset(tmp_path)


def test_a_file_that_was_cut_off_is_named(folder: Path) -> None:
    file = folder / "passages.text"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(BadDataset, match=r"'passages\.text' has \d+ bytes, where \d+ were written"):
        open_dataset(folder)


def test_a_shard_that_is_missing_is_named(folder: Path) -> None:
    (folder / "pairs" / "00000.rows").unlink()
    with pytest.raises(BadDataset, match=r"'pairs/00000\.rows' is missing"):
        open_dataset(folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read"),
        ("[]", "its format is"),
        ('{"format": 2}', "its format is 2, and this version reads 1"),
        ('{"format": 1, "kind": "pairs"}', "lacks seed, queries"),
    ],
)
def test_a_description_that_is_none_is_refused(folder: Path, text: str, said: str) -> None:
    (folder / "dataset.json").write_text(text, encoding="utf-8")
    with pytest.raises(BadDataset, match=said):
        open_dataset(folder)


def test_an_unknown_kind_is_refused(folder: Path) -> None:
    said = json.loads((folder / "dataset.json").read_text("utf-8"))
    (folder / "dataset.json").write_text(json.dumps({**said, "kind": "triples"}), encoding="utf-8")
    with pytest.raises(BadDataset, match="lacks a kind that is known"):
        open_dataset(folder)


def test_a_dataset_may_be_moved(folder: Path) -> None:
    before = list(open_dataset(folder).pairs(seed=1, epoch=0))
    moved = folder.rename(folder.with_name("elsewhere"))
    assert list(open_dataset(moved).pairs(seed=1, epoch=0)) == before
