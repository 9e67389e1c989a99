"""Commands over an index of the sample, with a tiny MedCPT of random weights."""

from pathlib import Path

import pytest

from tests.search.cli import running
from tests.search.cli.in_process import Command

SAMPLE = Path(__file__).parents[4] / "sample"


@pytest.fixture(scope="module")
def index(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    index = tmp_path_factory.mktemp("indexes") / "sample"
    files = sorted(SAMPLE.glob("*.xml"))
    done = running.biocpt("index", *files, "--index", index, environment={"BIOCPT_HOME": str(home)})
    assert done.returncode == 0, done.stderr
    return index


@pytest.fixture
def biocpt(biocpt: Command, home: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Finds the index and its models without being told."""
    monkeypatch.setenv("BIOCPT_HOME", str(home))
    monkeypatch.setenv("BIOCPT_INDEX", str(index))
    return biocpt
