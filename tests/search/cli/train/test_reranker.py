"""`biocpt train reranker`: from a dataset and a set to a set whose re-ranker searching opens."""

import gzip
import json
import math
import os
from dataclasses import replace
from pathlib import Path

import pytest

from onnx_models import installed, load_reranker, set_file
from onnx_models.export import torch_reference
from onnx_models.specs import KNOWN_SETS
from tests.onnx_models import checkpoints
from tests.onnx_models.training import lists
from tests.search.cli.in_process import Command

PASSAGES = [("Aspirin and stroke", "A trial."), ("Sleep", "A study in women.")]
EXAMPLES = Path(os.environ.get("BIOCPT_DATA", "none")) / "medcpt_examples"
SOME_STEPS = ("--steps", "3", "--batch-size", "4", "--learning-rate", "1e-3", "--negatives", "5")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """data/ with 12 lists and a teacher's scores, dev/ with 3 more, start/: a set of one encoder."""
    folder = tmp_path_factory.mktemp("given")
    some = lists.some(15, scored=True)
    lists.write(folder / "data", some[:12])
    lists.write(folder / "dev", some[12:])
    checkpoints.write_set(folder / "start", replace(KNOWN_SETS["minilm"], name="start"))
    return folder


def train(given: Path, out: Path, *further: str) -> tuple[str | Path, ...]:
    start = ("train", "reranker", "--data", given / "data", "--from", given / "start", "--out", out)
    return (*start, *SOME_STEPS, *further)


def test_without_torch_the_extra_is_named(given: Path, biocpt: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_reference, "is_available", lambda: False)
    found = biocpt(*train(given, given / "none"))
    assert (found.code, found.err.count("\n")) == (1, 1)
    assert "pip install 'biocpt-search[train]'" in found.err


@pytest.mark.slow
def test_a_set_gets_a_cross_encoder_that_searching_opens(given: Path, biocpt: Command, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    out = tmp_path / "mine"
    further = ("--dev", given / "dev", "--evaluate-every", "2", "--rerank-mix", "0.5", "--data-licence", "CC0")
    found = biocpt(*train(given, out), *further, "--json")
    assert found.code == 0, found.err
    assert "the head is new" in found.err
    assert found.json["steps"] == 3
    assert 0 < found.json["before"] <= found.json["best"] <= 1
    made = set_file.read(out)
    assert made.cross is not None
    assert (made.cross.max_tokens, made.rerank_mix, made.tied) == (256, 0.5, True)
    card = (out / "README.md").read_text()
    assert "data: 12 examples; licence: CC0" in card
    assert "| dev | nDCG@10 |" in card

    assert biocpt("models", "export", out).code == 0
    assert biocpt("models", "verify", out).code == 0
    reranker = load_reranker(installed.load(out), "cross")
    assert reranker is not None
    best = max(PASSAGES, key=lambda passage: reranker.score("aspirin stroke", [passage])[0])
    articles = [{"id": str(row), "title": title, "abstract": text} for row, (title, text) in enumerate(PASSAGES)]
    (tmp_path / "articles.jsonl").write_text("".join(json.dumps(article) + "\n" for article in articles))
    assert biocpt("index", tmp_path / "articles.jsonl", "--index", tmp_path / "index", "--model", out).code == 0
    asked = ("search", "aspirin stroke", "--index", tmp_path / "index", "--model", out, "--rerank", "cross")
    answer = biocpt(*asked, "--rerank-mix", "1", "--mode", "dense", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["hits"][0]["title"] == best[0]

    again = biocpt(*train(given, out), *further, "--json")
    assert again.json == found.json
    other = biocpt(*train(given, out), *further, "--negatives", "4", "--layout", "fixed32")
    assert (other.code, other.err.count("\n")) == (1, 2)
    assert "negatives was 5, now 4" in other.err
    assert "cross.layout was 'packed', now 'fixed32'" in other.err


@pytest.mark.slow
def test_the_official_example_trains_for_some_steps(biocpt: Command, tmp_path: Path) -> None:
    """It comes without the texts of its articles: these are made here. Each query has 32 negatives."""
    pytest.importorskip("torch")
    if not EXAMPLES.is_dir():
        pytest.skip("BIOCPT_DATA names no folder with medcpt_examples")
    with gzip.open(EXAMPLES / "reranker_train_example.json.gz", "rt", encoding="utf-8") as file:
        some = json.load(file)[:8]
    some[0]["qid"] = "a text for an id"  # the official code reads numbers alone
    (tmp_path / "lists.json").write_text(json.dumps(some))
    with gzip.open(EXAMPLES / "reranker_qid2info_example.json.gz", "rt", encoding="utf-8") as file:
        queries = json.load(file)
    queries["a text for an id"] = "Which treatment helps?"
    (tmp_path / "qid2info.json").write_text(json.dumps(queries))
    ids = {id for one in some for id in [*(id for id, _ in one["pos_pmids"]), *one["neg_pmids"]]}
    texts = {id: [f"{lists.WORDS[int(id) % 8]} and {lists.WORDS[int(id) // 8 % 8]} {id}", "A trial."] for id in ids}
    (tmp_path / "pmid2info.json").write_text(json.dumps(texts))
    prepared = biocpt(
        *("train", "prepare", "--for", "reranker", "--out", tmp_path / "data", "--texts", tmp_path / "pmid2info.json"),
        *("--lists", tmp_path / "lists.json", tmp_path / "qid2info.json"),
    )
    assert prepared.code == 0, prepared.err
    start, out = (
        checkpoints.write_set(tmp_path / "start", replace(KNOWN_SETS["minilm"], name="start")),
        tmp_path / "mine",
    )
    trained = biocpt(
        *("train", "reranker", "--data", tmp_path / "data", "--from", start, "--out", out, "--layout", "fixed32"),
        *("--batch-size", "4", "--epochs", "2", "--pass-tokens", "1024"),
    )
    assert trained.code == 0, trained.err
    log = (out / "training" / "reranker" / "log.jsonl").read_text().splitlines()
    losses = [json.loads(line)["loss"] for line in log]
    assert losses == pytest.approx([math.log(32)] * 4, abs=1.5)  # 32 passages that it has not learnt to tell apart


@pytest.mark.slow
def test_late_interaction_learns_from_a_teacher(given: Path, biocpt: Command, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    out = tmp_path / "mine"
    found = biocpt(*train(given, out, "--kind", "late", "--teacher", "kl", "--teacher-scale", "2"))
    assert found.code == 0, found.err
    assert biocpt("models", "export", out).code == 0
    reranker = load_reranker(installed.load(out), "late")
    assert reranker is not None
    assert (abs(reranker.score("aspirin stroke", PASSAGES)) <= 1).all()
    assert "## Late interaction" in (out / "README.md").read_text()


@pytest.mark.parametrize(
    ("further", "code", "said"),
    [
        (("--teacher-scale", "0"), 2, "teacher_scale cannot be 0.0"),
        (("--temperature", "nan"), 2, "temperature cannot be nan"),
        (("--teacher-share", "2", "--teacher", "kl"), 2, "share cannot be 2.0"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_any_work(
    given: Path, biocpt: Command, tmp_path: Path, further: tuple[str, ...], code: int, said: str
) -> None:
    pytest.importorskip("torch")
    found = biocpt(*train(given, tmp_path / "mine", *further))
    assert (found.code, found.err.count("\n")) == (code, 1)
    assert said in found.err
    assert not (tmp_path / "mine").exists()


def test_late_interaction_of_two_encoders_is_refused(given: Path, biocpt: Command, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    checkpoints.write_set(tmp_path / "untied", KNOWN_SETS["medcpt"])
    found = biocpt(*train(given, tmp_path / "mine"), "--kind", "late", "--from", tmp_path / "untied")
    assert (found.code, found.err.count("\n")) == (1, 1)
    assert "late interaction needs one encoder" in found.err
