"""A home whose models take their time, for tests in which work has to last."""

from pathlib import Path

import pytest

from tests.onnx_models import checkpoints

SIZEABLE = checkpoints.Shape(layers=3, hidden=256, heads=8, intermediate=1024, positions=256, deviation=0.05)
"""A tenth of a millisecond a token, more or less."""


@pytest.fixture(scope="session")
def sizeable_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It has the set minilm, with random weights."""
    home = tmp_path_factory.mktemp("sizeable")
    checkpoints.install(home, "minilm", SIZEABLE)
    return home
