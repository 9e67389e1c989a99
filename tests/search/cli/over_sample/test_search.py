"""`biocpt search` and `biocpt similar` as users type them, over the sample with a tiny MedCPT of random weights."""

import os
from pathlib import Path

import orjson
import pytest

from tests.search.cli.in_process import Command
from tests.search.cli.running import biocpt as process

SAMPLE = Path(__file__).parents[4] / "sample"
RETRACTED = "90000004"


def test_a_search_shows_title_authors_journal_year_and_a_snippet(biocpt: Command) -> None:
    answer = biocpt("search", "statins and breast cancer survival", "--mode", "lexical", "--rerank", "none")
    assert answer.code == 0
    first = answer.out.splitlines()[:3]
    assert first[0].startswith("  1. ")
    assert "id 9000000" in first[1]
    assert "(lexical #1)" in first[1]
    assert "statin" in answer.out.lower()
    assert "courtesy of the U.S. National Library of Medicine, as of 20" in answer.out


def test_json_has_hits_with_ids_places_and_seconds(biocpt: Command) -> None:
    answer = biocpt("search", "sepsis lactate", "--json", "--limit", "4").json
    assert len(answer["hits"]) == 4
    assert [hit["rank"] for hit in answer["hits"]] == [1, 2, 3, 4]
    assert all(hit["id"] and hit["title"] for hit in answer["hits"])
    assert answer["reranker"] == "medcpt-cross"
    assert {"encode", "retrieve", "fuse", "fetch", "rerank", "total"} <= set(answer["seconds"])
    assert {"dense"} <= set(answer["hits"][0]["lists"]) | {"dense"}


def test_a_retracted_article_is_marked_and_can_be_left_out(biocpt: Command) -> None:
    asked = ("search", "atorvastatin recurrence of breast cancer", "--mode", "lexical", "--rerank", "none")
    assert "[RETRACTED]" in biocpt(*asked).out
    shown = {hit["id"]: hit["flags"] for hit in biocpt(*asked, "--json").json["hits"]}
    assert shown[RETRACTED] == ["retracted"]
    left = biocpt(*asked, "--json", "--no-retracted").json["hits"]
    assert RETRACTED not in {hit["id"] for hit in left}


def test_filters_are_applied_together(biocpt: Command) -> None:
    asked = ("search", "trial", "--json", "--limit", "100", "--rerank", "none")
    hits = biocpt(*asked, "--year", "2005-2026", "--language", "eng", "--type", "Review").json["hits"]
    assert hits
    assert all(2005 <= hit["year"] <= 2026 and "Review" in hit["types"] for hit in hits)


def test_ids_of_a_file_are_all_that_answers(biocpt: Command, tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    ids.write_text("90000007\n\n90000009\n90000007\nunknown\n", encoding="utf-8")
    hits = biocpt("search", "heart", "--ids", ids, "--mode", "dense", "--json", "--rerank", "none").json["hits"]
    assert sorted(hit["id"] for hit in hits) == ["90000007", "90000009"]


def test_an_explanation_names_every_number_of_a_mixed_score(biocpt: Command) -> None:
    asked = ("search", "asthma", "--rerank-mix", "0.25", "--limit", "2")
    assert "scaled and mixed 0.25 × " in biocpt(*asked, "--explain").out
    for hit in biocpt(*asked, "--json").json["hits"]:
        mixture = hit["mixture"]
        expected = mixture["weight"] * mixture["reranker"] + (1 - mixture["weight"]) * mixture["fused"]
        assert hit["score"] == pytest.approx(expected)


def test_topics_become_a_run_in_the_order_that_a_search_shows(biocpt: Command, tmp_path: Path) -> None:
    run = tmp_path / "run.trec"
    answer = biocpt("search", "--topics", SAMPLE / "topics.tsv", "--run", run, "--depth", "20", "--tag", "mine")
    assert (answer.code, answer.out) == (0, "")
    rows = [line.split() for line in run.read_text(encoding="utf-8").splitlines()]
    assert {row[0] for row in rows} == {f"S{at:02}" for at in range(1, 13)}
    assert {(row[1], row[5]) for row in rows} == {("Q0", "mine")}
    query = next(line.split("\t")[1] for line in (SAMPLE / "topics.tsv").read_text().splitlines() if line[:3] == "S01")
    shown = biocpt("search", query, "--depth", "20", "--limit", "20", "--json").json["hits"]
    assert [row[2] for row in rows if row[0] == "S01"] == [hit["id"] for hit in shown]


def test_similar_articles_exclude_the_article_itself(biocpt: Command) -> None:
    hits = biocpt("similar", "90000001", "--json", "--limit", "5").json["hits"]
    assert len(hits) == 5
    assert "90000001" not in {hit["id"] for hit in hits}
    assert biocpt("similar", "1").code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Give either a QUERY or --topics FILE"),
        (("q", "--run", "x"), "--run writes the answers to --topics FILE"),
        (("q", "--limit", "0"), "0 is not in the range"),
        (("q", "--year", ""), "is not a year or a range"),
        (("q", "--year", "2020-2010"), "ends before it begins"),
        (("q", "--offset", "100"), "Offset 100 is not below the depth"),
        (("q", "--rerank-mix", "7"), "7.0 is not in the range"),
        (("q", "--dense-weight", "nan"), "dense_weight is nan"),
        (("  ",), "The query is empty"),
        (("q", "--precision", "bf16"), "bf16"),
        (("--topics", str(SAMPLE / "topics.tsv"), "--sort", "date"), "order of relevance"),
        (("--topics", str(SAMPLE / "topics.tsv"), "--json"), "are for a single QUERY"),
        (("--topics", str(SAMPLE / "topics.tsv"), "--run", "no/such/folder/run"), "there is no folder"),
    ],
)
def test_wrong_usage_is_one_message_and_exit_2(biocpt: Command, arguments: tuple[str, ...], said: str) -> None:
    answer = biocpt("search", *arguments)
    assert answer.code == 2
    assert said in answer.err
    assert answer.out == ""


def test_a_query_that_is_not_utf8_is_answered(home: Path, index: Path) -> None:
    asked = ("search", os.fsdecode(b"\xff heart"), "--mode", "lexical", "--json", "--rerank", "none")
    done = process(*asked, "--index", index, environment={"BIOCPT_HOME": str(home)})
    assert done.returncode == 0, done.stderr
    assert orjson.loads(done.stdout)["hits"]


def test_the_model_for_new_indexes_does_not_change_how_this_one_is_searched(
    biocpt: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIOCPT_MODEL", "minilm")
    assert biocpt("search", "heart", "--json").json["reranker"] == "medcpt-cross"


def test_ids_that_are_not_utf8_are_refused(biocpt: Command, tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    ids.write_bytes(b"caf\xe9\n")
    answer = biocpt("search", "q", "--ids", ids)
    assert answer.code == 2
    assert "not UTF-8" in answer.err


def test_a_narrow_terminal_costs_letters_and_not_the_answer(home: Path, index: Path) -> None:
    environment = {"BIOCPT_HOME": str(home), "PYTHONIOENCODING": "ascii"}
    asked = ("search", "TNF-α", "--mode", "lexical", "--rerank", "none", "--index", index)
    done = process(*asked, environment=environment)
    assert done.returncode == 0, done.stderr
    hits = orjson.loads(process(*asked, "--json", environment=environment).stdout)["hits"]
    assert any("α" in hit["title"] + hit["snippet"] for hit in hits)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_device_is_one_line(home: Path, index: Path) -> None:
    import subprocess
    import sys

    command = [sys.executable, "-c", "from search.cli import main; main()", "info", "--index", str(index)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "Error: No space left on device.\n"


def test_searching_imports_neither_torch_nor_transformers(home: Path, index: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys\nfrom search.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*sorted({'torch', 'transformers', 'optimum'} & set(sys.modules)), file=sys.stderr, end='')"
    )
    environment = {**os.environ, "BIOCPT_HOME": str(home), "XDG_CONFIG_HOME": os.devnull}
    command = [sys.executable, "-c", code, "search", "heart attack", "--index", str(index)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert "  1. " in done.stdout
    assert done.stderr == ""


def test_help_answers_at_once(biocpt: Command) -> None:
    assert "Commands:" in biocpt("-h").out
