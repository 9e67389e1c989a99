"""`biocpt index`: what it prints, its exit codes, the model that an index remembers, Ctrl-C."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.indexer.pubmed_files import Entry, write
from tests.onnx_models import checkpoints
from tests.search.cli.in_process import Command

DATA = os.environ.get("BIOCPT_DATA")
SAMPLE = Path(__file__).parents[3] / "sample"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two model sets with random weights."""
    folder = tmp_path_factory.mktemp("home")
    checkpoints.install(folder, "medcpt")
    checkpoints.install(folder, "minilm")
    return folder


@pytest.fixture
def biocpt(capsys: pytest.CaptureFixture[str], home: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    for name in [name for name in os.environ if name.startswith("BIOCPT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", os.devnull)
    monkeypatch.setenv("BIOCPT_HOME", str(home))
    monkeypatch.setenv("BIOCPT_THREADS", "1")
    return Command(capsys)


def adds_up(line: str) -> bool:
    numbers = [int(number.replace(",", "")) for number in re.findall(r"[\d,]+", line)]
    return numbers[0] == sum(numbers[1:])


def articles(biocpt: Command, index: Path) -> int:
    return int(biocpt("info", "--index", index, "--json").json["articles"])


def test_what_was_done_is_told_when_storage_fails_midway(biocpt: Command, tmp_path: Path) -> None:
    index = tmp_path / "index"
    good = write(tmp_path / "pubmed26n0001.xml", [Entry("1"), Entry("2")])
    assert biocpt("index", good, "--index", index, "--model", "none").code == 0
    (index / "rejects.jsonl").mkdir()
    more, bad = write(tmp_path / "pubmed26n0002.xml", [Entry("3")]), tmp_path / "bad.jsonl"
    bad.write_text("oops\n")
    answer = biocpt("index", more, bad, "--index", index)
    assert answer.code == 1
    assert answer.err.splitlines()[-1].startswith(f"Error: '{index / 'rejects.jsonl'}' cannot be used: ")
    assert answer.out.startswith("Files: 1 read.")
    assert adds_up(answer.out.splitlines()[-1])


def test_an_error_before_anything_is_read_prints_no_counts(biocpt: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    answer = biocpt("index", tmp_path / "empty", "--index", tmp_path / "index", "--model", "none", "--json")
    assert (answer.code, answer.out) == (1, "")
    assert not (tmp_path / "index").exists(), "nothing to index: no index is made"


def test_the_last_line_adds_up_and_a_second_run_does_nothing(biocpt: Command, tmp_path: Path) -> None:
    index = tmp_path / "index"
    first = biocpt("index", SAMPLE, "--index", index)
    assert (first.code, first.err) == (0, "")
    last = first.out.splitlines()[-1]
    assert re.fullmatch(r"\d+ read = \d+ added \+ .* rejected", last)
    assert adds_up(last)
    second = biocpt("index", SAMPLE, "--index", index, "--json").json
    assert (second["read"], {file["status"] for file in second["files"]}) == (0, {"skipped"})


def test_json_counts_files_and_encoded_articles(biocpt: Command, tmp_path: Path) -> None:
    file = write(tmp_path / "pubmed26n0001.xml", [Entry("1"), Entry("2", title="", abstract="")], deleted=[("3", 1)])
    summary = biocpt("index", file, "--index", tmp_path / "index", "--json").json
    assert {name: summary[name] for name in ("read", "added", "deletions", "encoded", "without_text")} == {
        "read": 3,
        "added": 2,
        "deletions": 1,
        "encoded": 1,
        "without_text": 1,
    }
    assert [(entry["name"], entry["status"]) for entry in summary["files"]] == [("pubmed26n0001.xml", "done")]


def test_rejected_records_give_exit_code_3_and_a_file_that_says_why(biocpt: Command, tmp_path: Path) -> None:
    file, index = tmp_path / "mine.jsonl", tmp_path / "index"
    file.write_text('{"id": "1", "title": "A."}\nnot json\n{"title": "No id."}\n{"id": "4", "title": "D."}\n')
    answer = biocpt("index", file, "--index", index)
    assert answer.code == 3
    assert answer.out.splitlines()[-1].startswith("4 read = 2 added")
    assert str(index / "rejects.jsonl") in answer.err
    rows = [json.loads(line) for line in (index / "rejects.jsonl").read_text().splitlines()]
    assert [(row["file"], row["position"]) for row in rows] == [("mine.jsonl", 2), ("mine.jsonl", 3)]
    assert all(row["reason"] and row["when"] for row in rows)


def test_a_broken_file_gives_exit_code_1_and_the_others_finish(biocpt: Command, tmp_path: Path) -> None:
    index = tmp_path / "index"
    entries = [Entry(str(pmid), abstract=os.urandom(60).hex()) for pmid in range(1, 301)]
    whole = write(tmp_path / "pubmed26n0001.xml.gz", entries).read_bytes()
    (tmp_path / "pubmed26n0001.xml.gz").write_bytes(whole[: len(whole) // 2])
    other = write(tmp_path / "pubmed26n0002.xml.gz", [Entry("5001")])
    answer = biocpt("index", tmp_path / "pubmed26n0001.xml.gz", other, "--index", index, "--model", "none")
    assert answer.code == 1
    assert re.search(r"Broken: .*pubmed26n0001\.xml\.gz' broke at record \d+", answer.err)
    assert adds_up(answer.out.splitlines()[-1])
    kept = articles(biocpt, index)
    assert 1 < kept < 301

    (tmp_path / "pubmed26n0001.xml.gz").write_bytes(whole)
    assert biocpt("index", tmp_path / "pubmed26n0001.xml.gz", "--index", index).code == 0
    assert articles(biocpt, index) == 301


def test_a_wrong_md5_is_found_before_anything_is_read(biocpt: Command, tmp_path: Path) -> None:
    file = write(tmp_path / "pubmed26n0001.xml", [Entry("1")])
    (tmp_path / "pubmed26n0001.xml.md5").write_text(f"MD5(pubmed26n0001.xml)= {'0' * 32}")
    answer = biocpt("index", file, "--index", tmp_path / "index", "--model", "none")
    assert answer.code == 1
    assert "0" * 32 in answer.err
    assert answer.out.splitlines()[-1].startswith("0 read")


def test_a_missing_file_is_a_mistake_in_usage_and_makes_no_index(biocpt: Command, tmp_path: Path) -> None:
    answer = biocpt("index", tmp_path / "none.xml", "--index", tmp_path / "index")
    assert (answer.code, (tmp_path / "index").exists()) == (2, False)


@pytest.mark.parametrize("model", ["medcpt", "minilm"])
def test_an_index_remembers_its_model(
    biocpt: Command, tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "index"
    biocpt("index", write(tmp_path / "pubmed26n0001.xml", [Entry("1")]), "--index", index, "--model", model)
    monkeypatch.setenv("BIOCPT_MODEL", "medcpt")
    answer = biocpt("index", write(tmp_path / "pubmed26n0002.xml", [Entry("2")]), "--index", index, "--json")
    assert (answer.code, answer.json["encoded"]) == (0, 1)
    info = biocpt("info", "--index", index, "--json").json
    assert (info["space"]["model"], info["articles"], info["vectors"]) == (model, 2, 2)


def test_a_new_index_takes_the_model_of_the_environment(
    biocpt: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIOCPT_MODEL", "minilm")
    biocpt("index", write(tmp_path / "pubmed26n0001.xml", [Entry("1")]), "--index", tmp_path / "index")
    assert biocpt("info", "--index", tmp_path / "index", "--json").json["space"]["model"] == "minilm"


def test_another_model_is_refused_with_both_named(biocpt: Command, tmp_path: Path) -> None:
    index, file = tmp_path / "index", write(tmp_path / "pubmed26n0001.xml", [Entry("1")])
    biocpt("index", file, "--index", index, "--model", "medcpt")
    for asked in ("minilm", "none"):
        answer = biocpt("index", file, "--index", index, "--model", asked)
        assert answer.code == 1
        assert "medcpt" in answer.err
        assert asked in answer.err
        assert len(answer.err.splitlines()) == 1


def test_a_model_that_is_not_there_leaves_no_index(biocpt: Command, tmp_path: Path) -> None:
    file = write(tmp_path / "pubmed26n0001.xml", [Entry("1")])
    answer = biocpt("index", file, "--index", tmp_path / "index", "--model", "bge-small")
    assert (answer.code, len(answer.err.splitlines()), (tmp_path / "index").exists()) == (1, 1, False)


def test_an_index_without_vectors_stays_one(biocpt: Command, tmp_path: Path) -> None:
    index = tmp_path / "index"
    biocpt("index", write(tmp_path / "pubmed26n0001.xml", [Entry("1")]), "--index", index, "--model", "none")
    biocpt("index", write(tmp_path / "pubmed26n0002.xml", [Entry("2")]), "--index", index)
    info = biocpt("info", "--index", index, "--json").json
    assert (info["articles"], info["vectors"], info["space"]) == (2, 0, None)


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on_and_the_same_command_does(biocpt: Command, tmp_path: Path, home: Path) -> None:
    entries = [Entry(str(pmid), abstract=f"word {pmid} " * 100) for pmid in range(1, 4001)]
    file, index = write(tmp_path / "pubmed26n0001.xml", entries), tmp_path / "index"
    start = [sys.executable, "-c", "from search.cli import main; main()"]
    arguments = ["index", str(file), "--index", str(index), "--home", str(home), "--threads", "1"]
    with subprocess.Popen([*start, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 120
        while not list(index.glob("text/*.store")) and time.monotonic() < deadline:  # the first articles, on their way
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert "Run the same command again" in err
    assert "Traceback" not in err
    assert adds_up(out.splitlines()[-1])
    again = biocpt("index", file, "--index", index, "--json").json
    assert again["unchanged"] + again["added"] == 4000
    assert articles(biocpt, index) == 4000


@pytest.mark.slow
@pytest.mark.skipif(DATA is None, reason="BIOCPT_DATA names no folder with PubMed files")
def test_a_file_of_nlm_adds_up_to_what_its_text_holds(biocpt: Command, tmp_path: Path) -> None:
    file = Path(str(DATA)) / "pubmed_xml" / "medline16n0902.xml.gz"
    text = gzip.decompress(file.read_bytes()).decode()
    body, _, deletions = text.partition("<DeleteCitation>")
    summary = biocpt("index", file, "--index", tmp_path / "index", "--model", "none", "--json").json
    assert summary["added"] + summary["replaced"] + summary["superseded"] == body.count("<MedlineCitation ")
    assert summary["deletions"] == deletions.count("<PMID ")
    parts = ("added", "replaced", "unchanged", "superseded", "deletions", "rejected")
    assert summary["read"] == sum(summary[part] for part in parts)
    assert articles(biocpt, tmp_path / "index") == len(
        set(re.findall(r"<MedlineCitation .*?<PMID[^>]*>(\d+)", body, re.S))
    )
