"""`biocpt train retriever`: from a dataset and a checkpoint to a set's folder that an export reads."""

import gzip
import json
import math
import os
import random
from itertools import islice
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from onnx_models import installed
from onnx_models.export import torch_reference
from tests.onnx_models.training import pairs
from tests.search.cli.in_process import Command

EXAMPLES = Path(os.environ.get("BIOCPT_DATA", "none")) / "medcpt_examples"
"""Read before the command's own environment is emptied."""
WEIGHT = "encoder.layer.0.attention.self.query.weight"
SOME_STEPS = ("--steps", "3", "--batch-size", "8", "--learning-rate", "1e-3", "--article-tokens", "40")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """data/ with 32 pairs, bert/ to start from, and task/: a collection whose articles are those of the data."""
    folder = tmp_path_factory.mktemp("given")
    ranked = pairs.lists(24)
    pairs.write(folder / "data", ranked)
    pairs.checkpoint(folder / "bert", dropout=0.1)
    (folder / "task" / "qrels").mkdir(parents=True)
    passages = {passage.id: passage for one in ranked for passage in one.passages}
    lines = {
        "corpus.jsonl": [{"_id": id, "title": title, "text": text} for id, title, text in passages.values()],
        "queries.jsonl": [{"_id": one.query_id, "text": one.query} for one in ranked],
    }
    for name, rows in lines.items():
        (folder / "task" / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    judged = "".join(f"{one.query_id}\t{one.positives[0][0].id}\t1\n" for one in ranked)
    (folder / "task" / "qrels" / "dev.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}")
    return folder


def test_without_torch_the_extra_is_named(given: Path, biocpt: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_reference, "is_available", lambda: False)
    found = biocpt("train", "retriever", "--data", given / "data", "--from", given / "bert", "--out", given / "none")
    assert (found.code, found.err.count("\n")) == (1, 1)
    assert "pip install 'biocpt-search[train]'" in found.err


@pytest.mark.slow
def test_a_dataset_becomes_a_model_set_that_exports_and_the_run_can_be_asked_again(
    given: Path, biocpt: Command, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("ir_measures")
    out = tmp_path / "mine"
    command = ("train", "retriever", "--data", given / "data", "--from", given / "bert", "--out", out, *SOME_STEPS)
    dev = ("--dev", given / "task", "--dev-split", "dev", "--evaluate-every", "2")
    found = biocpt(*command, *dev, "--json")
    assert found.code == 0, found.err
    assert "step 2 of 3: loss" in found.err
    assert found.json["steps"] == 3
    assert 0 < found.json["before"] <= found.json["best"] <= 1
    assert biocpt("models", "export", out).code == 0
    assert installed.load(out).article.spec.max_tokens == 40
    assert "nDCG@10" in (out / "README.md").read_text()

    again = biocpt(*command, *dev, "--json")
    assert again.json == found.json
    elsewhere = biocpt(*command, *dev, "--dev-others", "0")
    assert (elsewhere.code, elsewhere.err.count("\n")) == (1, 1)
    assert "measured_on was" in elsewhere.err
    other = biocpt(*command, *dev, "--alpha", "0.5", "--official")
    assert (other.code, other.err.count("\n")) == (1, 1)
    assert "contrast.alpha was 0.8, now 0.5; contrast.mask was True, now False" in other.err


def test_an_article_encoder_can_start_from_another_checkpoint(given: Path, biocpt: Command, tmp_path: Path) -> None:
    """At a rate of nothing that counts, both sides stay what they began as: the set's query side, and the other."""
    torch = pytest.importorskip("torch")
    other = pairs.checkpoint(tmp_path / "other", seed=7)
    command = ("train", "retriever", "--data", given / "data", "--from", given / "bert", "--out", tmp_path / "mine")
    found = biocpt(*command, "--article-from", other, *SOME_STEPS, "--learning-rate", "1e-12", "--untied")
    assert found.code == 0, found.err
    for side, start in (("query", given / "bert"), ("article", other)):
        kept, began = (
            load_file(folder / "model.safetensors") for folder in (tmp_path / "mine" / "source" / side, start)
        )
        torch.testing.assert_close(torch.from_numpy(kept[WEIGHT]), torch.from_numpy(began[WEIGHT]))


def test_a_task_without_articles_asks_for_them(given: Path, biocpt: Command, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "topics.tsv").write_text("q1\tstatins and risk\n")
    (tmp_path / "qrels.txt").write_text("q1 0 a1 1\n")
    command = ("train", "retriever", "--data", given / "data", "--from", given / "bert", "--out", tmp_path / "mine")
    dev = ("--dev", tmp_path / "topics.tsv", "--dev-qrels", tmp_path / "qrels.txt")
    found = biocpt(*command, *dev)
    assert found.code == 2
    assert "brings no articles: name their file by --dev-articles" in found.err
    assert not (tmp_path / "mine").exists()


@pytest.mark.slow
def test_the_official_example_trains_for_some_steps_as_the_official_code_does(biocpt: Command, tmp_path: Path) -> None:
    """It comes without the texts of its articles: these are made here."""
    pytest.importorskip("torch")
    if not EXAMPLES.is_dir():
        pytest.skip("BIOCPT_DATA names no folder with medcpt_examples")
    with gzip.open(EXAMPLES / "retriever_train_example.jsonl.gz", "rt", encoding="utf-8") as lines:
        some = list(islice(lines, 200))
    (tmp_path / "pairs.jsonl").write_text("".join(some))
    draw = random.Random(1)
    texts = {json.loads(line)["pmid"]: list(pairs.passage(draw, "")[1:]) for line in some}
    (tmp_path / "pmid2info.json").write_text(json.dumps(texts))
    prepared = biocpt(
        *("train", "prepare", "--for", "retriever", "--out", tmp_path / "data", "--texts", tmp_path / "pmid2info.json"),
        *("--pairs", tmp_path / "pairs.jsonl", EXAMPLES / "retriever_qid2info_example.json.gz"),
    )
    assert prepared.code == 0, prepared.err
    start, out = pairs.checkpoint(tmp_path / "bert"), tmp_path / "mine"
    command = ("train", "retriever", "--data", tmp_path / "data", "--from", start, "--out", out)
    trained = biocpt(*command, "--official", "--steps", "12", "--batch-size", "32", "--learning-rate", "1e-3")
    assert trained.code == 0, trained.err
    log = (out / "training" / "retriever" / "log.jsonl").read_text().splitlines()
    losses = [json.loads(line)["loss"] for line in log]
    assert len(losses) == 12
    assert all(math.isfinite(loss) for loss in losses)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--learning-rate", "nan"), "learning_rate cannot be nan"),
        (("--alpha", "2"), "alpha cannot be 2.0"),
        (("--tied", "--article-from", "."), "--tied is one encoder for both sides"),
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(
    given: Path, biocpt: Command, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    pytest.importorskip("torch")
    command = ("train", "retriever", "--data", given / "data", "--from", given / "bert", "--out", tmp_path / "mine")
    found = biocpt(*command, *arguments)
    assert found.code == 2
    assert said in found.err
    assert not (tmp_path / "mine").exists()
