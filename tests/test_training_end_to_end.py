"""From a log to figures, by the commands that a user types, on invented texts with a rule that only training can find.

Each subject has a word that people ask by and another that articles use. No text has both, so that neither words nor
random weights find anything; who learns the pairs from some queries answers others, about articles nobody clicked.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from onnx_models.specs import ModelSet, ModelSpec
from tests.onnx_models import checkpoints
from tests.search.cli.in_process import Answer, Command, biocpt

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
def test_what_is_learnt_from_clicks_answers_questions_that_nobody_asked_before(
    biocpt: Command, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(line: str) -> Answer:
        done = biocpt(*line.split())
        assert done.code == 0, f"{line}: {done.err}"
        return done

    def figures(index: str, model: str, systems: str) -> dict[str, float]:
        asked = f"eval subjects --split dev --index {index} --model {model} --systems {systems} --measures nDCG@10"
        return {one["name"]: one["means"]["nDCG@10"] for one in run(f"{asked} --json").json["systems"]}

    monkeypatch.chdir(files)
    untrained(files / "start")
    run("models export ./start")
    run("index articles.jsonl --index before --model ./start")
    before = figures("before", "./start", "lexical,dense")

    run("train prepare --for retriever --logs log.tsv --texts articles.jsonl --out pairs")
    shape, steps = "--tied --pooling mean --scale 0.1", "--steps 200 --learning-rate 0.005"
    dev = "--dev subjects --dev-split dev --dev-others 0"
    learnt = run(f"train retriever --data pairs --from ./start --out models {shape} {steps} {dev} --json").json
    run("models export ./models")
    run("index articles.jsonl --index after --model ./models")

    window = "--mode dense --from-rank 5 --to-rank 100 --store 16"
    mined = run(f"train mine --index after --model ./models --data pairs --out lists {window} --json").json
    steps = "--steps 150 --learning-rate 0.005 --negatives 7 --batch-size 16"
    run(f"train reranker --data lists --from ./models --out models {steps}")
    run("models export ./models")
    after = figures("after", "./models", "lexical,dense,hybrid+rerank")

    assert mined["counts"]["queries without negatives"] == 0
    # By chance 10 of 120 articles are right: about .08. Words alone find nothing, before and after.
    assert max(before.values()) < 0.3
    assert after["lexical"] == before["lexical"]
    assert min(after["dense"], after["hybrid+rerank"]) > 0.6
    # What was measured while it learnt is what the exported set does, but for rounding.
    assert learnt["best"] == pytest.approx(after["dense"], abs=0.02)
