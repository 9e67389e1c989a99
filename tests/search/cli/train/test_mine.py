"""`biocpt train mine` as users type it, over invented articles with a tiny MedCPT of random weights."""

import json
from pathlib import Path

import pytest

from onnx_models.training.dataset import Dataset, open_dataset
from tests.search.cli import running
from tests.search.cli.in_process import Command
from tests.search.training.searching import article, asking, dataset_of

ARTICLES = [article(number) for number in range(30)]


@pytest.fixture(scope="module")
def index(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("indexes")
    rows = ({"id": one.id, "title": one.title, "abstract": one.abstract} for one in ARTICLES)
    (folder / "pumps.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    environment = {"BIOCPT_HOME": str(home)}
    done = running.biocpt("index", folder / "pumps.jsonl", "--index", folder / "pumps", environment=environment)
    assert done.returncode == 0, done.stderr
    return folder / "pumps"


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    return dataset_of(tmp_path / "data", [asking(f"q{n}", f"valve of pump {n}", [ARTICLES[n]]) for n in range(8)])


@pytest.fixture
def biocpt(biocpt: Command, home: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Finds the index and its models without being told."""
    monkeypatch.setenv("BIOCPT_HOME", str(home))
    monkeypatch.setenv("BIOCPT_INDEX", str(index))
    return biocpt


def saved_ids(folder: Path, *ids: str) -> Path:
    (folder / "ids.txt").write_text("\n".join(ids), encoding="utf-8")
    return folder / "ids.txt"


@pytest.mark.slow
def test_negatives_are_mined_denoised_and_taught(biocpt: Command, data: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "lists"
    options = ("--from-rank", 1, "--to-rank", 20, "--store", 5, "--denoise", 1, "--teach", "mix")
    done = biocpt("train", "mine", "--data", data.folder, "--out", out, *map(str, options), "--json")
    assert done.code == 0, done.err
    mined = open_dataset(out)
    assert done.json["examples"] == mined.examples
    assert done.json["counts"]["candidates"] == 8 * 20
    for one in mined.queries():
        assert one.scores is not None
        assert 0 <= min(one.scores) <= max(one.scores) <= 1
        assert 1 <= len(one.negatives) <= 5


@pytest.mark.slow
def test_pairs_are_made_and_what_was_found_is_shown(biocpt: Command, data: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "pairs"
    shown = biocpt(
        *("train", "mine", "--data", data.folder, "--out", out, "--as", "pairs"),
        *("--mode", "dense", "--from-rank", "3", "--to-rank", "10", "--store", "4"),
        *("--exclude", saved_ids(tmp_path, "p020", "p021")),
    )
    assert shown.code == 0, shown.err
    assert f"Wrote {out}: 8 pairs." in shown.out
    assert "mined: 32" in shown.out
    pairs = list(open_dataset(out).pairs(seed=1, epoch=0))
    assert all(len(pair.negatives) == 4 for pair in pairs)
    assert not {"p020", "p021"} & {passage.id for pair in pairs for passage in pair.negatives}


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--from-rank", "9", "--to-rank", "8"), "Ranks 9 to 8 are no window"),
        (("--reranker", "nonsense", "--teach", "rerank"), "No model set 'nonsense'"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(
    biocpt: Command, data: Dataset, tmp_path: Path, words: tuple[str, ...], complaint: str
) -> None:
    done = biocpt("train", "mine", "--data", data.folder, "--out", tmp_path / "out", *words)
    assert done.code != 0
    assert complaint in done.err
    assert not (tmp_path / "out").exists()


def test_a_reranker_has_to_be_named_where_the_index_names_no_model_set(
    biocpt: Command, data: Dataset, index: Path, tmp_path: Path
) -> None:
    plain = tmp_path / "plain"
    assert biocpt("index", index.with_suffix(".jsonl"), "--index", plain, "--model", "none").code == 0
    asked = ("train", "mine", "--index", plain, "--mode", "lexical", "--data", data.folder, "--out", tmp_path / "out")
    done = biocpt(*asked, "--denoise", "0.9")
    assert done.code == 2
    assert "this index names no model set: --reranker" in done.err
    assert biocpt(*asked, "--from-rank", "1").code == 0
