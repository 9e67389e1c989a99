"""`biocpt eval` of pairs of sentences as users type it: a model is judged, and no index is asked."""

from pathlib import Path
from typing import Any

import pytest

from tests.search.cli.in_process import Command

SAMPLE = Path(__file__).parents[4] / "sample"


def means(answer: Any) -> dict[str, dict[str, float]]:
    return {one["name"]: one["means"] for one in answer["systems"]}


def test_pairs_of_sentences_are_judged_by_correlation(biocpt: Command, tmp_path: Path, index: Path) -> None:
    pairs = tmp_path / "ponds.tsv"
    rows = [("otters eat fish", "an otter eats fish", 4), ("herons wade", "voles dig", 0), ("newts swim", "newts", 3)]
    lines = ["sentence1\tsentence2\tscore", *("\t".join(map(str, row)) for row in rows)]
    pairs.write_text("\n".join(lines), encoding="utf-8")
    by_index = biocpt("eval", pairs, "--json").json
    by_name = biocpt("eval", pairs, "--model", "medcpt", "--json").json
    assert means(by_index) == means(by_name)
    assert -1 <= means(by_index)["medcpt"]["Pearson"] <= 1
    assert "Spearman" in biocpt("eval", pairs).out


def test_an_index_without_vectors_names_no_model_for_pairs(biocpt: Command, tmp_path: Path) -> None:
    plain, pairs = tmp_path / "plain", tmp_path / "ponds.tsv"
    assert biocpt("index", SAMPLE / "pubmed26n0003.xml", "--index", plain, "--model", "none").code == 0
    pairs.write_text("sentence1\tsentence2\tscore\na b\tc d\t1\ne f\tg h\t2\n", encoding="utf-8")
    answer = biocpt("eval", pairs, "--index", plain)
    assert answer.code == 1
    assert "holds no vectors" in answer.err


def test_pairs_of_sentences_need_a_model(biocpt: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = tmp_path / "ponds.tsv"
    pairs.write_text("sentence1\tsentence2\tscore\na b\tc d\t1\ne f\tg h\t2\n", encoding="utf-8")
    monkeypatch.delenv("BIOCPT_INDEX")
    answer = biocpt("eval", pairs)
    assert answer.code == 2
    assert "give --model" in answer.err


PAIRS = "sentence1\tsentence2\tscore\na b\tc d\t1\ne f\tg h\t2\nm n\tm o\t3\n"


def test_pairs_are_called_so_and_can_be_limited(biocpt: Command, tmp_path: Path) -> None:
    pairs = tmp_path / "ponds.tsv"
    pairs.write_text(PAIRS, encoding="utf-8")
    shown = biocpt("eval", pairs, "--limit-topics", "2", "--out", tmp_path / "out")
    assert shown.out.startswith("ponds: 2 pairs. ")
    assert "Correlation over pairs" in shown.out
    assert "topics" not in shown.out
    report = (tmp_path / "out" / "report.md").read_text("utf-8")
    assert "- Pairs compared: 2" in report
    assert "opics" not in report.replace("--limit-topics", "")
    told = biocpt("eval", pairs, "--json").json
    assert told["topics"] == 3
    assert told["facts"]["query encoder"].startswith("medcpt-query: ")
    assert len(told["facts"]["fingerprint"]) == 64


def test_what_means_nothing_to_pairs_is_refused(biocpt: Command, tmp_path: Path) -> None:
    pairs = tmp_path / "ponds.tsv"
    pairs.write_text(PAIRS, encoding="utf-8")
    answer = biocpt("eval", pairs, "--systems", "lexical", "--sweep", "--judged-only")
    assert (answer.code, answer.out) == (2, "")
    assert (
        "Pairs of sentences are judged by correlation alone: leave out --systems, --judged-only, --sweep." in answer.err
    )
