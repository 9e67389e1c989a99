"""Commands over an index of the sample, with a tiny MedCPT of random weights."""

import json
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


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's questions and judgements as a BEIR folder."""
    folder = tmp_path_factory.mktemp("tasks") / "sample"
    (folder / "qrels").mkdir(parents=True)
    rows = [line.split("\t") for line in (SAMPLE / "topics.tsv").read_text("utf-8").splitlines()]
    (folder / "queries.jsonl").write_text("".join(json.dumps({"_id": id, "text": text}) + "\n" for id, text in rows))
    (folder / "qrels" / "dev.tsv").write_bytes((SAMPLE / "qrels.tsv").read_bytes())
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Two runs on two topics, and judgements; `late` puts the one relevant article of `a` second, and lacks `b`."""
    lines = {
        "early.run": "a Q0 d1 1 2.0 x\na Q0 d2 2 1.0 x\nb Q0 d3 1 1.0 x\n",
        "late.run": "a Q0 d2 1 2.0 x\na Q0 d1 2 1.0 x\n",
        "qrels": "a 0 d1 1\nb 0 d3 1\n",
    }
    for name, text in lines.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return [tmp_path / name for name in lines]
