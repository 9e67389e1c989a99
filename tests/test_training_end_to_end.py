"""From a log to figures, by the commands that a user types, on invented texts with a rule that only training can find.

Each subject has a word that people ask by and another that articles use. No text has both, so that neither words nor
random weights find anything; who learns the pairs from some queries answers others, about articles nobody clicked.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from onnx_models.specs import ModelSet, ModelSpec
from tests.onnx_models import checkpoints
from tests.search.cli.in_process import Command, biocpt

pytest.importorskip("torch")
pytest.importorskip("ir_measures")

__all__ = ["biocpt"]

WORDS = [word for word in checkpoints.vocabulary() if len(word) > 4 and word.isalpha()]
SUBJECTS, OF_EACH, CLICKED = 12, 10, 8
"""Articles of each subject: the last two of them were never clicked."""
FILLERS, ASKED, WRITTEN = WORDS[:20], WORDS[20 : 20 + SUBJECTS], WORDS[40 : 40 + SUBJECTS]


def articles() -> Iterator[dict[str, str]]:
    draw = random.Random(1)
    for subject in range(SUBJECTS):
        for number in range(OF_EACH):
            around = draw.choices(FILLERS, k=8)
            words = [*around[:4], WRITTEN[subject], *around[4:], WRITTEN[subject]]
            yield {"id": f"a{subject}x{number}", "title": " ".join(words[:3]), "abstract": " ".join(words[3:])}


def question(subject: int, seed: int) -> str:
    draw = random.Random(f"{subject} {seed}")
    return " ".join([*draw.choices(FILLERS, k=2), ASKED[subject], draw.choice(FILLERS)])


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """`articles.jsonl`, a log of clicks, and a task with other questions, which articles of the subject answer."""
    (tmp_path / "articles.jsonl").write_text("".join(json.dumps(row) + "\n" for row in articles()))
    clicks = ["query\tpmid\tclicks"]
    for subject in range(SUBJECTS):
        for number in range(CLICKED):
            clicks += [f"{question(subject, seed)}\ta{subject}x{number}\t{1 + seed}" for seed in range(3)]
    (tmp_path / "log.tsv").write_text("\n".join(clicks) + "\n")
    task = tmp_path / "subjects"
    (task / "qrels").mkdir(parents=True)
    asked = [(f"q{subject}", question(subject, seed=99), subject) for subject in range(SUBJECTS)]
    (task / "queries.jsonl").write_text("".join(json.dumps({"_id": id, "text": text}) + "\n" for id, text, _ in asked))
    rows = [f"{id}\ta{subject}x{number}\t1" for id, _, subject in asked for number in range(OF_EACH)]
    (task / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\n" + "\n".join(rows) + "\n")
    (task / "corpus.jsonl").write_bytes((tmp_path / "articles.jsonl").read_bytes())
    return tmp_path


def untrained(folder: Path) -> Path:
    """A model set of random weights, not exported: what training starts from."""
    query, article = (
        ModelSpec(name=f"start-{role}", role=role, checkpoint=f"source/{role}", max_tokens=32)
        for role in ("query", "article")
    )
    return checkpoints.write_set(folder, ModelSet(name="start", query=query, article=article))


@pytest.mark.slow
def test_what_is_learnt_from_clicks_answers_questions_that_nobody_asked_before(biocpt: Command, files: Path) -> None:
    def run(*words: str | Path | int) -> Any:
        done = biocpt(*map(str, words))
        assert done.code == 0, f"{words}: {done.err}"
        return done

    def figures(index: str, model: Path, systems: str) -> dict[str, float]:
        asked = (
            "eval",
            files / "subjects",
            "--split",
            "dev",
            "--index",
            files / index,
            "--model",
            model,
            "--systems",
            systems,
        )
        found = run(*asked, "--measures", "nDCG@10", "--json").json
        return {one["name"]: one["means"]["nDCG@10"] for one in found["systems"]}

    start, models, corpus = untrained(files / "start"), files / "models", files / "articles.jsonl"
    pairs, lists = files / "pairs", files / "lists"
    run("models", "export", start)
    run("index", corpus, "--index", files / "before", "--model", start)

    run("train", "prepare", "--for", "retriever", "--logs", files / "log.tsv", "--texts", corpus, "--out", pairs)
    shape = ("--tied", "--pooling", "mean", "--scale", 0.1)
    steps = ("--steps", 200, "--learning-rate", 0.005, "--dev", files / "subjects", "--dev-split", "dev")
    learnt = run("train", "retriever", "--data", pairs, "--from", start, "--out", models, *shape, *steps, "--json").json
    run("models", "export", models)
    run("index", corpus, "--index", files / "after", "--model", models)

    window = ("--mode", "dense", "--from-rank", 5, "--to-rank", 100, "--store", 16)
    mined = run(
        "train",
        "mine",
        "--index",
        files / "after",
        "--model",
        models,
        "--data",
        pairs,
        "--out",
        lists,
        *window,
        "--json",
    ).json
    steps = ("--steps", 150, "--learning-rate", 0.005, "--negatives", 7, "--batch-size", 16)
    run("train", "reranker", "--data", lists, "--from", models, "--out", models, *steps)
    run("models", "export", models)

    before = figures("before", start, "lexical,dense")
    after = figures("after", models, "lexical,dense,hybrid+rerank")
    assert mined["counts"]["queries without negatives"] == 0
    # By chance 10 of 120 articles are right: about .08. Words alone find nothing, before and after.
    assert max(before.values()) < 0.3
    assert after["lexical"] == before["lexical"]
    assert min(after["dense"], after["hybrid+rerank"]) > 0.6
    # What was measured while it learnt is what the exported set does, but for rounding.
    assert learnt["best"] == pytest.approx(after["dense"], abs=0.02)
