"""`kill -9` at random moments of a load, then the same command: the index of a load that nobody disturbed."""

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from indexer.engines import open_ledger
from indexer.errors import NoIndex, UnfinishedIndex
from tests.disturbing import assert_same_index, contents, driver, environment, kill_after, run, some_files
from tests.onnx_models import checkpoints

LOAD_SECONDS = 1.5
"""About how long the driver loads the files once it is up: kills fall into this span."""


def articles_now(location: Path) -> int:
    """0 where nothing was committed yet."""
    try:
        return contents(location)[0].articles
    except (NoIndex, UnfinishedIndex):
        return 0


def crash_and_resume(tmp_path: Path, seed: int, kills: int = 3) -> None:
    files = some_files(tmp_path)
    calm, torn = tmp_path / "calm", tmp_path / "torn"
    run(driver(calm, files))
    moments = random.Random(seed)
    hits = 0
    for _ in range(kills):
        hits += kill_after(
            driver(torn, files, "--pause", "0.02"), moments.uniform(0, LOAD_SECONDS), wait_for=b"loading"
        )
        articles_now(torn)
    assert hits, "no kill fell into the load: LOAD_SECONDS is too long for this machine"
    run(driver(torn, files))
    assert_same_index(torn, calm)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_killed_load_run_again_gives_the_same_index(tmp_path: Path, seed: int) -> None:
    crash_and_resume(tmp_path, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 120))
def test_a_killed_load_run_again_gives_the_same_index_every_time(tmp_path: Path, seed: int) -> None:
    crash_and_resume(tmp_path, seed, kills=5)


@pytest.mark.slow
def test_what_was_committed_before_a_kill_is_there_after_it(tmp_path: Path) -> None:
    files = some_files(tmp_path)[:1]
    index, counts = tmp_path / "index", [0]
    for _ in range(4):
        command = driver(index, files, "--pause", "0.2")
        with subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL) as process:
            while (committed := articles_now(index)) <= counts[-1] and process.poll() is None:
                time.sleep(0.05)
            process.kill()
        assert articles_now(index) >= committed
        counts.append(articles_now(index))
    assert counts == sorted(counts)
    assert 0 < counts[1] < counts[-1], "the load was over before the first kill"


@pytest.mark.slow
def test_a_kill_between_the_commit_and_the_ledger_reads_the_file_again_and_changes_nothing(tmp_path: Path) -> None:
    files = some_files(tmp_path)[:1]
    calm, torn = tmp_path / "calm", tmp_path / "torn"
    run(driver(calm, files))
    died = subprocess.run(
        driver(torn, files, "--die-before-tick"), env=environment(), capture_output=True, check=False, timeout=300
    )
    assert died.returncode == -9
    assert open_ledger(str(torn)).entries() == []
    _, rows = contents(torn)
    assert {id: row.record for id, row in rows.items()} == {id: row.record for id, row in contents(calm)[1].items()}
    run(driver(torn, files))
    (entry,) = open_ledger(str(torn)).entries()
    assert (entry.unchanged, entry.read) == (299, 299)
    assert_same_index(torn, calm)


def command_line(location: Path, home: Path, files: Sequence[Path]) -> list[str]:
    start = [sys.executable, "-c", "from search.cli import main; main()", "index", *map(str, files)]
    return [*start, "--index", str(location), "--home", str(home), "--model", "medcpt", "--threads", "1"]


def kill_often(command: Sequence[str], torn: Path, seconds: float, *, moments: random.Random, kills: int) -> None:
    """Kill it so often at moments of the `seconds` that it took undisturbed; begin anew where it is over before.

    It is quicker once the machine has less else to do.
    """
    hits, tries = 0, 0
    while hits < kills:
        tries += 1
        assert tries < 20, "too few kills fell into the command"
        if kill_after(command, moments.uniform(0.3, 0.95) * seconds):
            hits += 1
            articles_now(torn)
        else:
            shutil.rmtree(torn)
            seconds *= 0.8


def crash_the_command(tmp_path: Path, seed: int, kills: int = 3) -> None:
    files = some_files(tmp_path, articles=150)
    calm, torn, home = tmp_path / "calm", tmp_path / "torn", tmp_path / "home"
    checkpoints.install(home)
    started = time.perf_counter()
    run(command_line(calm, home, files))
    seconds = time.perf_counter() - started
    kill_often(command_line(torn, home, files), torn, seconds, moments=random.Random(seed), kills=kills)
    run(command_line(torn, home, files))
    assert_same_index(torn, calm)


@pytest.mark.slow
def test_the_command_killed_and_run_again_gives_the_same_index(tmp_path: Path) -> None:
    crash_the_command(tmp_path, seed=1)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
def test_the_command_killed_and_run_again_gives_the_same_index_every_time(tmp_path: Path, seed: int) -> None:
    crash_the_command(tmp_path, seed, kills=5)


@pytest.mark.slow
def test_a_killed_copy_run_again_gives_the_same_index(tmp_path: Path) -> None:
    source, calm, torn = tmp_path / "source", tmp_path / "calm", tmp_path / "torn"
    run(driver(source, some_files(tmp_path, articles=1_500)))
    started = time.perf_counter()
    run(copy_command(source, calm))
    seconds = time.perf_counter() - started
    kill_often(copy_command(source, torn), torn, seconds, moments=random.Random(5), kills=4)
    run(copy_command(source, torn))
    assert_same_index(torn, source)
    assert_same_index(calm, source)


def copy_command(source: Path, target: Path) -> list[str]:
    return [sys.executable, "-c", "from search.cli import main; main()", "copy", str(source), str(target)]
