"""`biocpt eval compare` as users type it: run files alone, judged without an index."""

import math
import os
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.search.cli.in_process import Command


def means(answer: Any) -> dict[str, dict[str, float]]:
    return {one["name"]: one["means"] for one in answer["systems"]}


def test_runs_are_compared_by_hand_calculation(biocpt: Command, runs: list[Path]) -> None:
    *files, qrels = runs
    answer = biocpt("eval", "compare", *files, "--qrels", qrels, "--measures", "nDCG@10 RR", "--json").json
    # One relevant article at rank 2 has nDCG 1 / log2(3) and reciprocal rank 1/2; `late` has topic `a` alone.
    assert means(answer) == {
        "early": {"nDCG@10": 1.0, "RR": 1.0},
        "late": {"nDCG@10": pytest.approx(1 / math.log2(3)), "RR": 0.5},
    }
    assert [(one["system"], one["difference"]) for one in answer["contrasts"] if one["measure"] == "RR"] == [
        ("late", -0.5)
    ]
    assert answer["systems"][1]["notes"] == ["Judged topics that the run lacks, left out: 1 (b)."]
    worst = answer["worst"][0]
    assert (worst["topic"], worst["system"]) == ("a", "late")
    assert [place["id"] for place in worst["top"]] == ["d2", "d1"]
    assert [place["id"] for place in worst["baseline_top"]] == ["d1", "d2"]


def test_topics_that_a_run_lacks_count_0_when_it_must_be_complete(biocpt: Command, runs: list[Path]) -> None:
    *files, qrels = runs
    asked: tuple[str | Path, ...] = ("eval", "compare", *files, "--qrels", qrels, "--measures", "RR", "--complete")
    assert means(biocpt(*asked, "--json").json)["late"] == {"RR": 0.25}  # (1/2 + 0) / 2
    assert "A judged topic that a run lacks counts 0." in biocpt(*asked).out


def test_articles_that_nobody_judged_can_be_removed_first(biocpt: Command, runs: list[Path]) -> None:
    *files, qrels = runs
    asked: tuple[str | Path, ...] = (
        "eval",
        "compare",
        *files,
        "--qrels",
        qrels,
        "--measures",
        "RR",
        "--judged-only",
        "--json",
    )
    assert means(biocpt(*asked).json)["late"] == {"RR": 1.0}  # d2 was not judged


def test_one_run_is_judged_without_a_comparison(biocpt: Command, runs: list[Path]) -> None:
    answer = biocpt("eval", "compare", runs[0], "--qrels", runs[-1])
    assert answer.code == 0
    assert "Against" not in answer.out


def test_runs_of_one_name_are_told_apart_by_their_folders(biocpt: Command, runs: list[Path], tmp_path: Path) -> None:
    other = tmp_path / "other" / "early.run"
    other.parent.mkdir()
    other.write_bytes(runs[1].read_bytes())
    answer = biocpt("eval", "compare", runs[0], other, "--qrels", runs[-1], "--json").json
    assert list(means(answer)) == [str(runs[0]), str(other)]
    twice = biocpt("eval", "compare", runs[0], runs[0], "--qrels", runs[-1])
    assert twice.code == 2
    assert "is given twice" in twice.err


def test_a_malformed_line_is_named_by_number(biocpt: Command, runs: list[Path]) -> None:
    runs[0].write_text("a Q0 d1 1 2.0 x\na Q0 d2 2 much x\n", encoding="utf-8")
    answer = biocpt("eval", "compare", runs[0], "--qrels", runs[-1])
    assert (answer.code, answer.out) == (1, "")
    assert "Line 2 of " in answer.err


@pytest.mark.slow
def test_reports_of_run_files_are_written_too(biocpt: Command, runs: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert biocpt("eval", "compare", *runs[:-1], "--qrels", runs[-1], "--out", out).code == 0
    assert sorted(path.name for path in out.iterdir()) == ["evaluation.json", "report.html", "report.md"]


@pytest.mark.skipif(os.name == "nt", reason="file names are bytes elsewhere")
@pytest.mark.slow
def test_a_file_whose_name_is_no_utf_8_is_named_by_its_bytes(biocpt: Command, runs: list[Path], tmp_path: Path) -> None:
    odd = [tmp_path / os.fsdecode(name) for name in (b"caf\xe9.run", b"caf\xe8.run")]
    try:
        for path, run in zip(odd, runs, strict=False):
            path.write_bytes(run.read_bytes())
    except OSError:
        pytest.skip("this file system takes names of UTF-8 alone")
    answer = biocpt("eval", "compare", *odd, "--qrels", runs[-1], "--json", "--out", tmp_path / "out")
    assert list(means(answer.json)) == [r"caf\xe9", r"caf\xe8"]
    assert r"caf\xe9.run" in answer.json["facts"]["command"]
    assert r"caf\xe9" in biocpt("eval", "compare", odd[0], "--qrels", runs[-1]).out


@pytest.mark.slow
def test_a_name_that_our_letters_do_not_have_says_nothing_on_stderr(
    biocpt: Command, runs: list[Path], tmp_path: Path
) -> None:
    named = tmp_path / "中文.run"
    named.write_bytes(runs[1].read_bytes())
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert biocpt("eval", "compare", runs[0], named, "--qrels", runs[-1], "--out", tmp_path / "out").code == 0
    assert [str(one.message) for one in said] == []
    assert "中文" in (tmp_path / "out" / "report.html").read_text("utf-8")


def test_topics_are_counted_that_are_judged(biocpt: Command, runs: list[Path]) -> None:
    runs[0].write_text(runs[0].read_text("utf-8") + "c Q0 d9 1 1.0 x\n", encoding="utf-8")  # nobody judged `c`
    *files, qrels = runs
    assert biocpt("eval", "compare", *files, "--qrels", qrels).out.startswith("qrels: 2 topics.")
    assert biocpt("eval", "compare", files[1], "--qrels", qrels).out.startswith("qrels: 1 topics.")
    assert biocpt("eval", "compare", files[1], "--qrels", qrels, "--complete").out.startswith("qrels: 2 topics.")
