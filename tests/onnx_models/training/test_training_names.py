"""`from onnx_models.training import …`: importing it computes nothing, and says what to install where that lacks."""

import subprocess
import sys

import pytest

from onnx_models import training

WITHOUT_TORCH = """
import sys
from importlib.abc import MetaPathFinder

class Hidden(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in ("torch", "transformers"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name.partition(".")[0])

sys.meta_path.insert(0, Hidden())
from onnx_models.training import DatasetWriter, open_dataset
from onnx_models.errors import MissingExtra
try:
    from onnx_models.training import train
except MissingExtra as error:
    print(error)
"""


def test_the_public_names_are_there() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    assert all(getattr(training, name).__name__ == name for name in training.__all__)
    assert set(training.__all__) <= set(dir(training))


def test_another_name_is_not_there() -> None:
    with pytest.raises(AttributeError, match="'trian'"):
        training.trian  # type: ignore[attr-defined]  # noqa: B018


def test_data_need_no_torch_and_training_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=True)
    assert "pip install 'biocpt-search[train]'" in done.stdout
