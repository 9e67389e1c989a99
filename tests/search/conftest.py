"""A home with MedCPT's set, tiny and of random weights: nothing is downloaded."""

from pathlib import Path

import pytest

from tests.onnx_models import checkpoints


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    checkpoints.install(home, "medcpt")
    return home
