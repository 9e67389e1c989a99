"""Test runs share one cache without harm: folders of the living are left alone, those of the dead are removed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.opensearch import locks, recipe
from tests.opensearch.run_folder import RunFolder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nodes for the tests start on Linux and macOS")

ROOT = Path(__file__).parents[2]


def killed(code: str, *arguments: object) -> str:
    """What a Python process printed before it was killed with no time to clean up."""
    process = subprocess.Popen(
        [sys.executable, "-c", f"{code}\nprint(said, flush=True)\nimport time; time.sleep(600)", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        process.kill()
    return said


def gone(pid: int, *, within: float) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_a_run_leaves_nothing(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    assert run.path.is_dir()
    run.close()
    assert list((tmp_path / "runs").iterdir()) == []


def test_the_folder_of_a_living_run_is_left_alone(tmp_path: Path) -> None:
    first, second = RunFolder(tmp_path), RunFolder(tmp_path)
    assert first.path.is_dir()
    for run in (first, second):
        run.close()


def test_runs_that_begin_and_end_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.opensearch.run_folder import RunFolder\n"
        "for _ in range(200): RunFolder(Path(sys.argv[1])).close()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    both = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [run.communicate(timeout=300)[1] for run in both] == ["", ""]
    assert [run.returncode for run in both] == [0, 0]
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_killed_run_is_cleared_away_and_its_processes_ended_by_the_next(tmp_path: Path) -> None:
    left = Path(
        killed(
            "import sys; from pathlib import Path; from tests.opensearch.run_folder import RunFolder\n"
            "run = RunFolder(Path(sys.argv[1])); (run.path / 'node').mkdir(); said = run.path",
            tmp_path,
        )
    )
    orphan = subprocess.Popen(["/bin/sh", "-c", "read line", str(left / "node")], stdin=subprocess.PIPE)
    (left / "node" / "pid").write_text(str(orphan.pid), encoding="utf-8")
    RunFolder(tmp_path).close()
    assert not left.exists()
    assert orphan.wait(60) == -signal.SIGKILL
    assert orphan.stdin is not None
    orphan.stdin.close()


def test_a_process_that_merely_got_the_number_of_a_dead_node_lives_on(tmp_path: Path) -> None:
    left = tmp_path / "runs" / "left" / "node"
    left.mkdir(parents=True)
    (left / "pid").write_text(str(os.getpid()), encoding="utf-8")
    RunFolder(tmp_path).close()
    assert not left.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next run ends what a killed one left")
def test_a_launched_process_dies_with_the_run(tmp_path: Path) -> None:
    code = (
        "import os, subprocess, sys; from tests.opensearch import launch\n"
        "who = map(str, (os.getpid(), os.geteuid(), os.getegid()))\n"
        "said = subprocess.Popen([sys.executable, '-I', launch.__file__, *who, '/bin/sleep', '600']).pid\n"
        "import time; time.sleep(1)"
    )
    assert gone(int(killed(code)), within=60)


def test_a_lock_is_held_by_one_at_a_time_and_given_up_with_its_file(tmp_path: Path) -> None:
    held = locks.take(tmp_path / "lock", wait=False)
    assert held is not None
    assert locks.take(tmp_path / "lock", wait=False) is None
    held.close()
    again = locks.take(tmp_path / "lock", wait=False)
    assert again is not None
    again.close()


def test_the_cache_goes_where_it_is_told(tmp_path: Path) -> None:
    assert recipe.cache({"BIOCPT_TEST_CACHE": str(tmp_path / "there")}) == tmp_path / "there"
    assert (tmp_path / "there").is_dir()
