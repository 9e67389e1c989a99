"""What `biocpt eval` has found is not lost by what fails later, and what cannot end well does not begin."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from indexer.errors import IndexerError
from search.cli.eval import asking, results
from search.evaluation import sweep
from tests.search.cli.in_process import Command
from tests.search.cli.running import biocpt as process


class Silent(IndexerError):
    """An index that stopped answering."""


def test_a_run_is_written_when_its_system_is_done(
    biocpt: Command, task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = asking.answered

    def until_stopped(task: Any, system: Any, searcher: Any) -> Any:
        if system.name == "dense":
            raise KeyboardInterrupt
        return answered(task, system, searcher)

    monkeypatch.setattr(asking, "answered", until_stopped)
    assert biocpt("eval", task, "--systems", "lexical,dense", "--out", tmp_path).code == 130
    assert len((tmp_path / "runs" / "lexical.run").read_text("utf-8").splitlines()) > 12


@pytest.mark.slow
def test_a_sweep_that_fails_leaves_the_evaluation_shown_and_written(
    biocpt: Command, task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> None:
        assert (tmp_path / "report.html").exists()
        raise Silent("The index is silent.")

    monkeypatch.setattr(sweep, "points", failing)
    answer = biocpt("eval", task, "--systems", "lexical", "--sweep", "--out", tmp_path)
    assert answer.code == 1
    assert "The index is silent." in answer.err
    assert "Means over topics" in answer.out
    assert json.loads((tmp_path / "evaluation.json").read_text("utf-8"))["sweep"] == []


def test_tables_are_shown_though_the_disk_is_full(
    biocpt: Command, runs: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise Silent("No space is left.")

    monkeypatch.setattr(results, "_put", full)
    answer = biocpt("eval", "compare", *runs[:-1], "--qrels", runs[-1], "--out", tmp_path / "out")
    assert answer.code == 1
    assert answer.err == "Error: No space is left.\n"
    assert "Means over topics" in answer.out


@pytest.mark.parametrize("lacking", ["jinja2", "matplotlib"])
def test_what_writes_reports_is_looked_for_before_anything_is_read(
    biocpt: Command, runs: list[Path], tmp_path: Path, lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, lacking, None)
    runs[0].write_text("this line would be refused\n", encoding="utf-8")
    answer = biocpt("eval", "compare", runs[0], "--qrels", runs[-1], "--out", tmp_path / "out")
    assert answer.code == 1
    assert "pip install 'biocpt-search[eval]'" in answer.err


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="this system has no /proc, where nobody makes files")
@pytest.mark.parametrize("words", [("--out", "/proc"), ("tune", "--index", "absent", "--out", "/proc/tuned.toml")])
def test_a_place_that_cannot_be_written_is_told_before_the_task_is_opened(words: tuple[str, ...]) -> None:
    answer = process("eval", *words, "no such task")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert answer.stderr == "Error: No such file or directory '/proc'.\n"


def test_files_of_an_earlier_evaluation_are_named(biocpt: Command, task: Path, tmp_path: Path) -> None:
    asked = ("eval", task, "--limit-topics", "2", "--out", tmp_path, "--systems")
    first = biocpt(*asked, "lexical,dense")
    assert "Of an earlier" not in first.err
    second = biocpt(*asked, "lexical,hybrid")
    assert "Of an earlier evaluation, and not of this one: runs/dense.run, systems/dense.toml." in second.err
