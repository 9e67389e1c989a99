"""`biocpt eval` as users type it, over the sample with a tiny MedCPT of random weights."""

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest

from search.cli import biocpt as commands
from search.cli.eval import command as group
from search.cli.eval import run as run_command
from search.evaluation import sweep, system
from search.evaluation.system import BUILT_IN
from search.evaluation.tasks import FORMATS
from tests.search.cli.in_process import Command
from tests.search.cli.running import biocpt as process

SAMPLE = Path(__file__).parents[4] / "sample"


def means(answer: Any) -> dict[str, dict[str, float]]:
    return {one["name"]: one["means"] for one in answer["systems"]}


@pytest.mark.slow
def test_a_run_has_the_hits_of_a_search_over_the_same_topics(biocpt: Command, task: Path, tmp_path: Path) -> None:
    assert biocpt("eval", task, "--systems", "lexical,hybrid", "--out", tmp_path / "out").code == 0
    for mode in ("lexical", "hybrid"):
        searched = tmp_path / f"{mode}.run"
        asked = ("--mode", mode, "--rerank", "none", "--tag", mode)
        assert biocpt("search", "--topics", SAMPLE / "topics.tsv", "--run", searched, *asked).code == 0
        found = (tmp_path / "out" / "runs" / f"{mode}.run").read_text("utf-8").splitlines()
        expected = searched.read_text("utf-8").splitlines()
        assert [line.split()[:4] for line in found] == [line.split()[:4] for line in expected]


@pytest.mark.slow
def test_run_files_that_were_written_are_judged_alike_without_the_index(
    biocpt: Command, task: Path, tmp_path: Path
) -> None:
    evaluated = biocpt("eval", task, "--systems", "lexical,dense", "--out", tmp_path, "--json").json
    files = [tmp_path / "runs" / f"{name}.run" for name in ("lexical", "dense")]
    compared = biocpt("eval", "compare", *files, "--qrels", task / "qrels" / "dev.tsv", "--json").json
    assert means(compared) == means(evaluated)
    assert compared["contrasts"] == evaluated["contrasts"]
    assert compared["coverage"] is None
    assert evaluated["coverage"]["held"] > 0


def test_the_tables_name_coverage_systems_significance_and_losses(biocpt: Command, task: Path) -> None:
    shown = biocpt("eval", task)
    assert shown.code == 0
    for words in ("sample/dev: 12 topics.", "The index holds ", "lexical", "dense", "hybrid", "p (Holm)", "in no list"):
        assert words in shown.out
    assert "Largest losses against lexical in nDCG@10:" in shown.out


def test_a_task_alone_is_short_for_run_also_after_options(biocpt: Command, task: Path) -> None:
    asked = ("--systems", "lexical", "--json")
    answers = [biocpt(*words).json for words in (("eval", task, *asked), ("eval", "run", task, *asked))]
    answers.append(biocpt("eval", *asked, task).json)
    assert means(answers[0]) == means(answers[1]) == means(answers[2])
    assert answers[0]["facts"]["command"].startswith("biocpt eval ")


@pytest.mark.slow
def test_an_evaluation_is_written_whole(biocpt: Command, task: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "wide.toml"
    recipe.write_text("mode = 'lexical'\ndepth = 7\n", encoding="utf-8")
    out = tmp_path / "out"
    answer = biocpt("eval", task, "--systems", f"hybrid,{recipe}", "--out", out)
    assert answer.code == 0
    assert "Wrote " in answer.err
    assert sorted(path.name for path in out.rglob("*") if path.is_file()) == [
        "evaluation.json",
        "hybrid.run",
        "hybrid.toml",
        "report.html",
        "report.md",
        "wide.run",
        "wide.toml",
    ]
    assert system.read(out / "systems" / "wide.toml") == system.read(recipe)
    assert system.read(out / "systems" / "hybrid.toml") == BUILT_IN["hybrid"]
    written = json.loads((out / "evaluation.json").read_text("utf-8"))
    assert written["split"] == "dev"
    assert len(written["queries"]) == 12
    assert max(int(line.split()[3]) for line in (out / "runs" / "wide.run").read_text("utf-8").splitlines()) == 7


def test_a_re_ranker_is_one_more_system(biocpt: Command, task: Path) -> None:
    asked = ("--systems", "hybrid,hybrid+rerank", "--limit-topics", "2", "--json")
    answer = biocpt("eval", task, *asked).json
    assert answer["topics"] == 2
    told = answer["facts"]
    assert told["re-ranker"].startswith("medcpt-cross: ")
    assert re.fullmatch(r"medcpt-query: \S+\.onnx, onnxruntime \S+, \w+, fp32, \d+ threads", told["query encoder"])
    assert "rerank" in answer["systems"][1]["speed"]["stages"]
    assert "rerank" not in answer["systems"][0]["speed"]["stages"]


def test_a_sweep_has_seven_depths_a_system_and_recall_never_falls(biocpt: Command, task: Path) -> None:
    points = biocpt("eval", task, "--systems", "lexical", "--sweep", "--json").json["sweep"]
    assert [point["depth"] for point in points] == [10, 20, 50, 100, 200, 500, 1000]
    recall = [point["recall"] for point in points]
    assert recall == sorted(recall)


def test_a_sweep_is_shown_with_recall_at_each_depth(biocpt: Command, task: Path) -> None:
    lines = biocpt("eval", task, "--systems", "lexical", "--sweep", "--limit-topics", "2").out.splitlines()
    at = lines.index("By the number of candidates")
    assert lines[at + 1].split()[:5] == ["system", "depth", "nDCG@10", "R@100", "R@depth"]
    assert lines[at + 9].split()[:2] == ["lexical", "1,000"]


def test_a_sweep_of_a_re_ranker_says_that_it_takes_long(
    biocpt: Command, task: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "DEPTHS", ())
    monkeypatch.setattr(sweep.points, "__kwdefaults__", {"depths": (10,)})
    asked = ("--limit-topics", "1", "--sweep", "--systems")
    assert "re-ranks anew at each depth (hybrid+rerank)" in biocpt("eval", task, *asked, "hybrid+rerank").err
    assert biocpt("eval", task, *asked, "hybrid").err == ""


def test_the_guides_figures_are_those_of_the_sample(biocpt: Command) -> None:
    """What words alone find needs no model that must be fetched; the rest of its figures do."""
    guide = (SAMPLE.parent / "docs" / "evaluation.md").read_text("utf-8")
    shown = biocpt("eval", SAMPLE / "topics.tsv", "--qrels", SAMPLE / "qrels.tsv", "--systems", "lexical").out
    printed = [line.split() for line in shown.splitlines()]
    told = [line.split() for line in guide.split("**3. Evaluate.**")[1].split("Largest losses")[0].splitlines()]
    (system,) = (row for row in told if row[:1] == ["lexical"])
    assert system[:4] in [row[:4] for row in printed]
    for stage in ("in no list", "below the cut", "found by lexical alone"):
        words = stage.split()
        (row,) = (row for row in told if row[: len(words)] == words)
        assert row[: len(words) + 2] in printed
    for opening in ("topics: 12 topics.", "The index holds "):
        (line,) = (line for line in shown.splitlines() if line.startswith(opening))
        assert f"    {line}\n" in guide


def test_measures_are_the_ones_named_and_the_baseline_too(biocpt: Command, task: Path) -> None:
    asked = ("--systems", "lexical,dense", "--measures", "P@5, AP nDCG(gains={0: 0, 1: 1})@3", "--baseline", "dense")
    answer = biocpt("eval", task, *asked, "--json").json
    assert answer["measures"] == ["P@5", "AP", "nDCG(gains={0:0,1:1})@3"]
    assert {one["system"] for one in answer["contrasts"]} == {"lexical"}
    assert answer["baseline"] == "dense"


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["--systems", "lexcial"], 1, "No system 'lexcial'. Built in: lexical, dense, hybrid, hybrid+rerank"),
        (["--systems", "lexical,lexical"], 1, "Two systems are named 'lexical'."),
        (["--measures", "nDCGG@10"], 1, "Unknown measure 'nDCGG@10'."),
        (["--baseline", "bm25"], 2, "Unknown baseline 'bm25'. Known: lexical, dense, hybrid."),
        (["--split", "test"], 1, "has no split 'test'. It has dev."),
        (["--format", "trek"], 2, "'trek' is not one of 'auto', 'beir'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    arguments: list[str], code: int, complaint: str, biocpt: Command, task: Path
) -> None:
    answer = biocpt("eval", task, *arguments)
    assert (answer.code, answer.out) == (code, "")
    assert complaint in answer.err


def test_an_index_that_lacks_most_judged_articles_is_refused_unless_forced(
    biocpt: Command, task: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.tsv"
    other.write_text("query-id\tcorpus-id\tscore\nS01\tx1\t1\nS01\tx2\t1\nS01\t90000001\t1\n", encoding="utf-8")
    asked: tuple[str | Path, ...] = ("eval", task, "--qrels", other, "--systems", "lexical")
    refused = biocpt(*asked)
    assert refused.code == 1
    assert "1 of the 3 judged articles" in refused.err
    assert "Index the articles of the task. Or pass --force." in refused.err
    (task / "corpus.jsonl").touch()
    assert f"Index its articles: `biocpt index {task / 'corpus.jsonl'}`. Or pass --force." in biocpt(*asked).err
    (task / "corpus.jsonl").unlink()
    forced = biocpt(*asked, "--force")
    assert forced.code == 0
    assert "The index holds 1 of 3 judged articles (33.3%)" in forced.out


def test_a_folder_that_cannot_be_made_is_told_before_anything_is_asked(task: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = process("eval", task, "--index", "absent", "--out", tmp_path / "file" / "out")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Not a directory")


def test_a_task_of_questions_needs_an_index(biocpt: Command, task: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BIOCPT_INDEX")
    answer = biocpt("eval", task)
    assert answer.code == 2
    assert "give --index" in answer.err


@pytest.mark.slow
def test_an_index_without_vectors_is_judged_by_bm25_alone(biocpt: Command, task: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    assert biocpt("index", *sorted(SAMPLE.glob("*.xml")), "--index", plain, "--model", "none").code == 0
    answer = biocpt("eval", task, "--index", plain, "--json").json
    assert list(means(answer)) == ["lexical"]
    assert "vectors" not in answer["facts"]
    refused = biocpt("eval", task, "--index", plain, "--systems", "dense")
    assert refused.code == 1
    assert "holds no vectors" in refused.err


def test_articles_like_a_seed_are_judged_by_their_vectors(biocpt: Command, tmp_path: Path) -> None:
    relish = tmp_path / "relish.tsv"
    rows = [("90000001", "90000002", 2), ("90000001", "90000003", 0), ("90000002", "90000001", 2)]
    relish.write_text("".join(f"{seed}\t{other}\t{grade}\n" for seed, other, grade in rows), encoding="utf-8")
    answer = biocpt("eval", relish, "--json").json
    assert list(means(answer)) == ["dense"]
    assert answer["topics"] == 2
    refused = biocpt("eval", relish, "--systems", "hybrid")
    assert refused.code == 1
    assert "Evaluate 'dense'." in refused.err


def test_the_groups_help_tells_of_the_short_form_and_of_each_command(biocpt: Command) -> None:
    shown = biocpt("eval", "-h")
    assert shown.code == 0
    assert "is short for `biocpt eval run TASK" in " ".join(shown.out.split())
    assert all(f"\n  {name} " in shown.out for name in group.commands)
    assert "..." not in shown.out
    assert all(name in shown.out.lower() for name in ("beir", "bioasq", "relish", "sentences", "pubmedqa", "irds:"))


def test_every_format_of_tasks_can_be_named() -> None:
    option = next(one for one in run_command.command.params if one.name == "format")
    assert isinstance(option.type, click.Choice)
    assert next(iter(option.type.choices)) == "auto"
    assert set(option.type.choices) == {"auto", *FORMATS}
    assert "eval" in commands.list_commands(click.Context(commands))


def test_articles_that_cannot_be_indexed_as_they_lie_are_written(biocpt: Command, task: Path, tmp_path: Path) -> None:
    collection = tmp_path / "pubmedqa"
    collection.mkdir()
    row = {"QUESTION": "Do otters swim?", "CONTEXTS": ["Otters were watched."], "LABELS": ["METHODS"]}
    rows = {"7": row | {"LONG_ANSWER": "They do.", "MESHES": [], "YEAR": "2020"}}
    (collection / "ori_pqal.json").write_text(json.dumps(rows), encoding="utf-8")
    (collection / "test_ground_truth.json").write_text('{"7": "yes"}', encoding="utf-8")
    out, made = tmp_path / "articles.jsonl", tmp_path / "made"
    assert "1 articles" in biocpt("eval", "corpus", collection, "--out", out).err
    lacking = biocpt("eval", collection, "--split", "test")
    assert f"Write its articles by `biocpt eval corpus {collection} --out FILE`, and index them." in lacking.err
    assert biocpt("index", out, "--index", made, "--model", "none").code == 0
    assert biocpt("eval", collection, "--split", "test", "--index", made, "--json").json["coverage"]["held"] == 1
    refused = biocpt("eval", "corpus", task, "--out", out)
    assert refused.code == 1
    assert "brings no articles to write" in refused.err
    assert "there is no folder" in biocpt("eval", "corpus", collection, "--out", tmp_path / "no" / "file").err
