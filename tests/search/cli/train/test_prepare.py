"""`biocpt train prepare` as users type it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from onnx_models.training.dataset import open_dataset
from onnx_models.training.errors import BadDataset
from tests.search.cli.in_process import Command

LOREM = "the patients who drank moon water slept well and woke late while those in the other room did neither of both"
LOG = (
    "query\tpmid\tclicks\tshown\nwhy sleep?\tp1\t3\t9\nwhy sleep?\tp2\t0\t9\n12345678\tp1\t1\t1\nwho hums?\tp3\t1\t1\n"
)


def saved(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def jsonl(rows: Sequence[object]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    articles = [{"_id": f"p{n}", "title": f"Of the {n} moons of the sea", "text": f"{n} {LOREM}"} for n in (1, 2)]
    return saved(tmp_path / "articles.jsonl", jsonl([*articles, {"_id": "p3", "title": "Bees", "text": "Bees hum."}]))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return saved(tmp_path / "log.tsv", LOG)


def test_a_log_becomes_pairs_and_says_what_was_left_out(
    biocpt: Command, log: Path, texts: Path, tmp_path: Path
) -> None:
    done = biocpt("train", "prepare", "--for", "retriever", "--out", tmp_path / "data", "--logs", log, "--texts", texts)
    assert (done.code, done.err) == (0, "")
    assert "2 pairs of 2 queries and 3 passages; 1 queries have no negatives." in done.out
    assert "log.tsv: 4 read, 3 kept (1 as negatives)" in done.out
    assert "1 id look-up" in done.out
    pairs = {pair.query: pair for pair in open_dataset(tmp_path / "data").pairs(seed=1, epoch=0)}
    assert [passage.id for passage in pairs["why sleep?"].negatives] == ["p2"]
    assert pairs["why sleep?"].positive.title == "Of the 1 moons of the sea"


def test_numbers_are_printed_as_json(biocpt: Command, log: Path, texts: Path, tmp_path: Path) -> None:
    options = ("--for", "reranker", "--logs", log, "--texts", texts, "--json")
    told = biocpt("train", "prepare", "--out", tmp_path / "data", *options).json
    assert (told["kind"], told["queries"], told["pairs"]) == ("lists", 2, 2)
    assert told["sources"]["log.tsv"] == {
        "read": 4,
        "kept": {"pairs": 2, "negatives": 1},
        "removed": {"id look-up": 1},
    }
    assert open_dataset(tmp_path / "data").counts["sources"] == told["sources"]


def test_sources_are_mixed_in_one_folder(biocpt: Command, log: Path, texts: Path, tmp_path: Path) -> None:
    queries = saved(tmp_path / "qid2info.json", '{"7": "Who  HUMS?"}')
    pairs = saved(tmp_path / "pairs.jsonl", '{"qid": "7", "pmid": "p3", "click": 5}\n')
    lists = saved(tmp_path / "lists.json", '[{"qid": "7", "pos_pmids": [["p3", 1]], "neg_pmids": ["p1", "p9"]}]')
    task = tmp_path / "task"
    saved(task / "queries.jsonl", jsonl([{"_id": "t", "text": "moons?"}]))
    saved(task / "qrels" / "train.tsv", "query-id\tcorpus-id\tscore\nt\tp1\t2\nt\tp2\t0\n")
    sources = ("--logs", log, "--pairs", pairs, queries, "--lists", lists, queries, "--task", task)
    options = ("--for", "retriever", "--texts", texts, "--json")
    done = biocpt("train", "prepare", "--out", tmp_path / "data", *sources, *options)
    assert (done.code, done.err) == (0, "")
    assert {name: counts["kept"] for name, counts in done.json["sources"].items()} == {
        "log.tsv": {"pairs": 2, "negatives": 1},
        "pairs.jsonl": {"pairs": 0, "negatives": 0},  # the log has this very pair: its clicks are summed
        "lists.json": {"pairs": 0, "negatives": 1},
        "task/train": {"pairs": 1, "negatives": 1},
    }
    clicks = {pair.query: pair.clicks for pair in open_dataset(tmp_path / "data").pairs(seed=1, epoch=0)}
    assert clicks == {"why sleep?": 3, "who hums?": 1 + 5 + 1, "moons?": 2}
    assert (tmp_path / "data" / "notes" / "missing.tsv").read_text("utf-8") == "p9\n"


def test_a_task_brings_its_own_articles(biocpt: Command, tmp_path: Path, texts: Path) -> None:
    task = tmp_path / "task"
    saved(task / "queries.jsonl", jsonl([{"_id": "t", "text": "moons?"}]))
    saved(task / "qrels" / "train.tsv", "query-id\tcorpus-id\tscore\nt\tp1\t1\n")
    saved(task / "corpus.jsonl", texts.read_text("utf-8"))
    done = biocpt("train", "prepare", "--for", "retriever", "--out", tmp_path / "data", "--task", task)
    assert done.code == 0, done.err
    assert next(open_dataset(tmp_path / "data").queries()).positives[0][0].id == "p1"


def test_judgements_marked_test_are_refused(biocpt: Command, tmp_path: Path, texts: Path) -> None:
    task = tmp_path / "task"
    saved(task / "queries.jsonl", jsonl([{"_id": "t", "text": "moons?"}]))
    saved(task / "qrels" / "test.tsv", "query-id\tcorpus-id\tscore\nt\tp1\t1\n")
    options = ("--for", "retriever", "--task", task, "--texts", texts)
    done = biocpt("train", "prepare", "--out", tmp_path / "data", *options)
    assert done.code == 1
    assert "marked test" in done.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["articles.jsonl", "task"]


def test_an_index_teaches_by_its_own_structure(biocpt: Command, tmp_path: Path, texts: Path) -> None:
    index, like = tmp_path / "index", tmp_path / "judged.jsonl"
    saved(like, jsonl([{"_id": "x", "title": "", "text": f"2 {LOREM}"}]))
    results = " ".join(f"w{n}" for n in range(30))
    abstract = f"AIM: Sleep. RESULTS: {results}. CONCLUSIONS: All woke in the end."
    lunar = {"_id": "p7", "title": "On waking", "text": abstract}
    saved(texts, jsonl([lunar, {"_id": "p2", "title": "Of the moons of the sea", "text": f"2 {LOREM}"}]))
    assert biocpt("index", texts, "--index", index, "--model", "none").code == 0
    options = (
        "--for",
        "retriever",
        "--own",
        "titles",
        "--own",
        "conclusions",
        "--index",
        index,
        "--exclude-like",
        like,
    )
    done = biocpt("train", "prepare", "--out", tmp_path / "data", *options, "--json")
    assert done.code == 0, done.err
    assert done.json["sources"]["own titles"]["removed"] == {"excluded by text": 1, "too short": 1}
    (pair,) = open_dataset(tmp_path / "data").pairs(seed=1, epoch=0)
    assert (pair.query, pair.positive.id) == ("All woke in the end.", "p7")
    assert "woke" not in pair.positive.abstract


def test_what_is_like_an_index_is_kept_out(biocpt: Command, tmp_path: Path, log: Path, texts: Path) -> None:
    judged = saved(tmp_path / "judged.jsonl", jsonl([{"_id": "x", "title": "", "text": f"2 {LOREM}"}]))
    assert biocpt("index", judged, "--index", tmp_path / "test", "--model", "none").code == 0
    options = ("--for", "retriever", "--logs", log, "--texts", texts, "--exclude-like", tmp_path / "test", "--json")
    done = biocpt("train", "prepare", "--out", tmp_path / "data", *options)
    assert done.json["sources"]["log.tsv"]["removed"] == {"excluded by text": 2, "id look-up": 1}


def test_pubmedqa_brings_its_articles_and_teaches_by_its_train_part(biocpt: Command, tmp_path: Path) -> None:
    entries = {
        pmid: {"QUESTION": "Moons?", "CONTEXTS": ["They slept."], "LABELS": ["AIM"], "LONG_ANSWER": f"Yes, {pmid}."}
        for pmid in ("11", "12")
    }
    saved(tmp_path / "qa" / "ori_pqal.json", json.dumps(entries))
    saved(tmp_path / "qa" / "test_ground_truth.json", '{"12": "yes"}')
    options = ("--for", "retriever", "--task", tmp_path / "qa", "--split", "train")
    done = biocpt("train", "prepare", "--out", tmp_path / "data", *options)
    assert (done.code, done.err) == (0, "")
    (pair,) = open_dataset(tmp_path / "data").pairs(seed=1, epoch=0)
    assert (pair.query, pair.positive) == ("Yes, 11.", ("11", "", "AIM: They slept."))


def test_a_task_of_which_nobody_says_what_part_it_is_is_warned_of(biocpt: Command, tmp_path: Path, texts: Path) -> None:
    task = tmp_path / "task"
    saved(task / "queries.jsonl", jsonl([{"_id": "t", "text": "moons?"}]))
    saved(task / "qrels" / "mine.tsv", "query-id\tcorpus-id\tscore\nt\tp1\t1\n")
    options = ("train", "prepare", "--for", "retriever", "--task", task)
    lacking = biocpt(*options, "--out", tmp_path / "one")
    assert (lacking.code, "brings no articles" in lacking.err) == (2, True)
    done = biocpt(*options, "--out", tmp_path / "two", "--texts", texts)
    assert done.code == 0
    assert "Nobody says which part" in done.err


def test_lines_that_cannot_be_read_are_listed_and_end_in_a_code_of_their_own(
    biocpt: Command, tmp_path: Path, texts: Path
) -> None:
    log = saved(tmp_path / "log.tsv", f"{LOG}nonsense\n\n")
    done = biocpt("train", "prepare", "--for", "retriever", "--out", tmp_path / "data", "--logs", log, "--texts", texts)
    assert done.code == 3
    assert "1 malformed" in done.out
    listed = (tmp_path / "data" / "notes" / "rejected.tsv").read_text("utf-8")
    assert "log.tsv\tline 6\tit has 1 columns, not 4" in listed
    assert "log.tsv\tline 7\tempty line" in listed


def test_an_empty_result_is_an_error_that_says_why(biocpt: Command, tmp_path: Path, texts: Path) -> None:
    log = saved(tmp_path / "log.tsv", "12345678\tp1\t1\nwhy sleep?\tp8\t1\nbad\n")
    done = biocpt("train", "prepare", "--for", "retriever", "--out", tmp_path / "data", "--logs", log, "--texts", texts)
    assert done.code == 1
    for said in ("3 read", "1 id look-up", "1 without text", "1 malformed", "the first: line 3: it has 1 columns"):
        assert said in done.err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "Name what to learn from"),
        (("--own", "titles"), "name it with --index"),
        (("--logs", __file__, "--since", "March 2021"), "'March 2021' is not such as 2021-03-14"),
        (("--logs", __file__), "Name where the texts of articles are"),
    ],
)
def test_what_lacks_is_named_before_anything_is_read(
    biocpt: Command, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    done = biocpt("train", "prepare", "--for", "retriever", "--out", tmp_path / "data", *options)
    assert done.code == 2
    assert said in done.err


def test_a_folder_that_is_there_is_left_as_it_is(biocpt: Command, tmp_path: Path, log: Path, texts: Path) -> None:
    (tmp_path / "data").mkdir()
    done = biocpt("train", "prepare", "--for", "retriever", "--out", tmp_path / "data", "--logs", log, "--texts", texts)
    assert done.code == 1
    assert "is there already" in done.err


COMMAND = [sys.executable, "-c", "from search.cli import main; main()", "train", "prepare", "--for", "retriever"]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes that have names are needed to stop it in the middle")
def test_what_is_left_of_a_killed_run_does_not_open(biocpt: Command, tmp_path: Path, log: Path, texts: Path) -> None:
    pipe, data = tmp_path / "endless.tsv", tmp_path / "data"
    os.mkfifo(pipe)
    sources = ["--logs", str(log), "--logs", str(pipe), "--texts", str(texts)]
    running = subprocess.Popen([*COMMAND, "--out", str(data), *sources])
    try:
        deadline = time.monotonic() + 120
        while not (tmp_path / ".data.partial" / "workspace" / "partitions").exists():
            assert time.monotonic() < deadline
            assert running.poll() is None
            time.sleep(0.05)
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    with pytest.raises(BadDataset):
        open_dataset(data)
    done = biocpt("train", "prepare", "--for", "retriever", "--out", data, "--logs", log, "--texts", texts)
    assert done.code == 0, done.err
    assert not (tmp_path / ".data.partial").exists()


FULL_DISK = """
import resource, signal, sys
from search.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
main(sys.argv[2:])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no limit of file sizes there")
@pytest.mark.parametrize("room", [5_000, 200_000])
def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path, texts: Path, room: int) -> None:
    """No file may grow beyond `room` bytes: not even a table of texts, or not what is dealt out."""
    log = saved(tmp_path / "log.tsv", "".join(f"who hums by night?\tp3\t{n}\n" for n in range(1, 9_000)))
    options = ["--for", "retriever", "--logs", log, "--texts", texts, "--out", tmp_path / "data"]
    command = [sys.executable, "-c", FULL_DISK, str(room), "train", "prepare", *map(str, options)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Could not write ")
    assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["articles.jsonl", "log.tsv"]


PEAK = """
import sys
from pathlib import Path
from search.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    lines = Path("/proc/self/status").read_text().splitlines()  # ru_maxrss would be that of whoever started us
    print(next(line for line in lines if line.startswith("VmHWM")).split()[1])
    raise
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the most memory that was used is read from /proc")
def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    """60,000 lines of a thousand signs: their texts alone would take 60 MB."""
    articles = [{"_id": f"p{n}", "title": f"Title {n}", "text": "x"} for n in range(500)]
    texts = saved(tmp_path / "texts.jsonl", jsonl(articles))
    filling = "moon " * 200
    peaks = []
    for lines in (1_000, 60_000):
        rows = (f"{filling}{n % 200}\tp{n % 500}\t1\n" for n in range(lines))
        log = saved(tmp_path / f"{lines}.tsv", "".join(rows))
        options = ["--for", "retriever", "--logs", log, "--texts", texts, "--out", tmp_path / f"{lines}"]
        done = subprocess.run(
            [sys.executable, "-c", PEAK, "train", "prepare", *map(str, options)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        peaks.append(int(done.stdout.splitlines()[-1]))
    assert peaks[1] - peaks[0] < 40_000  # kB
