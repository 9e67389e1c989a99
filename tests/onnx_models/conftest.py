"""Installed sets with random weights, made once a test run: nothing is downloaded."""

from pathlib import Path

import pytest

from onnx_models.installed import InstalledSet
from tests.onnx_models import checkpoints


@pytest.fixture(scope="session")
def model_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def medcpt(model_home: Path) -> InstalledSet:
    """Untied towers, [CLS], inner product, (title, abstract) pairs, a cross-encoder."""
    return checkpoints.install(model_home, "medcpt")


@pytest.fixture(scope="session")
def minilm(model_home: Path) -> InstalledSet:
    """One encoder for both sides, mean pooling, cosine, no cross-encoder."""
    return checkpoints.install(model_home, "minilm")


@pytest.fixture(scope="session")
def bge(model_home: Path) -> InstalledSet:
    """One encoder for both sides, [CLS], cosine, a prefix for queries, no cross-encoder."""
    return checkpoints.install(model_home, "bge-small")
