"""`biocpt eval tune` as users type it, over the sample with a tiny MedCPT of random weights."""

import json
from pathlib import Path

import pytest

from search.evaluation import system
from tests.search.cli.in_process import Command

SAMPLE = Path(__file__).parents[4] / "sample"


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's twelve questions, each asked twice, with judgements for development and for testing."""
    folder = tmp_path_factory.mktemp("tasks") / "sample"
    (folder / "qrels").mkdir(parents=True)
    questions = [line.split("\t") for line in (SAMPLE / "topics.tsv").read_text("utf-8").splitlines()]
    rows = [{"_id": f"{id}{twin}", "text": text} for id, text in questions for twin in "ab"]
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    head, *judged = (SAMPLE / "qrels.tsv").read_text("utf-8").splitlines()
    twins = [line.replace("\t", f"{twin}\t", 1) for line in judged for twin in "ab"]
    for split in ("dev", "test"):
        (folder / "qrels" / f"{split}.tsv").write_text("\n".join([head, *twins]) + "\n")
    return folder


@pytest.mark.slow
def test_words_are_tuned_to_win_over_vectors_that_mean_nothing(biocpt: Command, task: Path, tmp_path: Path) -> None:
    out = tmp_path / "tuned.toml"
    found = biocpt("eval", "tune", task, "--split", "dev", "--folds", "4", "--out", out, "--json").json
    # the model's weights are random, so the less its list weighs the better; .1 is the least that is tried
    assert found["is_better"]
    tuned = system.read(out)
    assert (tuned.name, tuned.request.dense_weight) == ("hybrid-tuned", 0.1)
    assert "dense weight 0.1" in found["at_edge"]
    assert found["best"] == out.read_text("utf-8")
    assert (found["topics"], found["tried"], len(found["folds"])) == (24, 288, 4)
    again = biocpt("eval", task, "--split", "dev", "--systems", f"hybrid,{out}", "--measures", "nDCG@10", "--json").json
    means = {one["name"]: one["means"]["nDCG@10"] for one in again["systems"]}
    assert means == pytest.approx({"hybrid": found["base_mean"], "hybrid-tuned": found["best_mean"]})


@pytest.mark.slow
def test_what_was_tried_and_gained_is_shown(biocpt: Command, task: Path) -> None:
    shown = biocpt(
        "eval", "tune", task, "--split", "dev", "--system", "lexical", "--boosts", "mesh_text=0,keyword_text=0"
    )
    assert shown.code == 0, shown.err
    for words in ("sample/dev: lexical with 2 settings", "Gain on topics held out:", "95 % interval", "keyword_text 0"):
        assert words in shown.out, words


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--split", "test"), "Nothing is tuned on task 'sample/test': its judgements are marked as test"),
        (("--split", "dev", "--limit-topics", 19), "it has 19 topics, and 20 are needed"),
        (("--split", "dev", "--boosts", "mesh_text"), "'mesh_text' is not FIELD=NUMBER"),
        (("--split", "dev", "--boosts", "journal=2"), "'journal'"),
        (("--split", "dev", "--measure", "best"), "'best'"),
        (("--split", "dev", "--system", "dense"), "'dense' has nothing to tune: mode 'dense' fuses no lists"),
        (("--split", "dev", "--depths", "50,many"), "--depths: '50,many' is not numbers"),
        (("--split", "dev", "--dense-weights", "0.5,2"), "dense_weight is 2.0; it must lie between 0 and 1"),
        (("--split", "dev", "--rrf-k", "0"), "rrf_k is 0; it must lie between 1"),
        (("--split", "dev", "--system", "hybrid,dense"), "one system is tuned at a time"),
        (("--split", "dev", "--out", "nowhere/tuned.toml"), "there is no folder 'nowhere'"),
    ],
)
def test_what_cannot_be_tuned_is_one_line(
    biocpt: Command, task: Path, words: tuple[str | int, ...], complaint: str
) -> None:
    answer = biocpt("eval", "tune", task, *map(str, words))
    assert answer.code in (1, 2)
    assert complaint in answer.err
    assert answer.out == ""


@pytest.mark.slow
def test_the_grid_is_what_the_options_say_and_its_edge_is_named(biocpt: Command, task: Path) -> None:
    words = ("--depths", "20,100", "--dense-weights", "0.2,0.5", "--rrf-k", "60")
    shown = biocpt("eval", "tune", task, "--split", "dev", *words)
    assert shown.code == 0, shown.err
    assert "hybrid with 8 settings" in shown.out  # 2 depths × 2 weights × (interpolate + 1 constant of rrf)
    assert "At the edge of what was tried: dense weight 0.2" in shown.out


@pytest.mark.slow
def test_judgements_of_which_nobody_says_the_part_are_tuned_on_with_a_word_on_it(
    biocpt: Command, tmp_path: Path
) -> None:
    qrels, topics = tmp_path / "judged.tsv", tmp_path / "[red]asked.tsv"
    head, *judged = (SAMPLE / "qrels.tsv").read_text("utf-8").splitlines()
    questions = [line.split("\t") for line in (SAMPLE / "topics.tsv").read_text("utf-8").splitlines()]
    qrels.write_text("\n".join([head, *(line.replace("\t", f"{twin}\t", 1) for line in judged for twin in "ab")]))
    topics.write_text("".join(f"{id}{twin}\t{text}\n" for id, text in questions for twin in "ab"))
    lone = ("--depths", "100", "--dense-weights", "0.5", "--rrf-k", "60")
    answer = biocpt("eval", "tune", topics, "--qrels", qrels, *lone)
    assert answer.code == 0, answer.err
    assert "Nobody says which part of its collection '[red]asked' is: never tune on what you report" in answer.err
    assert "[red]asked: hybrid with 2 settings" in answer.out
