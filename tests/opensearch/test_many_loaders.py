"""Several processes load one index in a cluster, some are killed: the index is that of one undisturbed loader.

The undisturbed one is loaded by the embedded engine, from the same files.
"""

import random
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from indexer.engines import open_ledger, open_reader
from tests.disturbing import assert_same_index, contents, driver, environment, run, some_files
from tests.indexer.engines.opensearch.reaching import indices, served, settings
from tests.indexer.pubmed_files import Entry, write
from tests.opensearch.server import Server

pytestmark = pytest.mark.slow

RESTORED = {"refresh_interval": None, "number_of_replicas": "0", "auto_expand_replicas": "0-1"}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Eight: each share of four has a numbered one, of which the last is empty, and one without a number.

    The first share has the longest, the baseline; and one share is never all, whichever is over before others begin.
    """
    more = [
        write(tmp_path / f"news {n}.xml", [Entry(str(pmid), title=f"News {n} of {pmid}") for pmid in range(n, 90, 7)])
        for n in (1, 2, 3)
    ]
    return [*some_files(tmp_path, articles=200), *more, write(tmp_path / "pubmed26n0004.xml", [])]


@contextmanager
def started(command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """A process that has begun to load; it is killed at the end, if it lives."""
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "loading"
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> str:
    """What a loader said last, once it has ended well."""
    said, troubles = process.communicate(timeout=400)
    assert process.returncode == 0, troubles
    return said.strip().splitlines()[-1]


def wait_for_articles(node: Server, version: str, seconds: float = 180) -> None:
    """Until some are stored."""
    deadline = time.monotonic() + seconds
    while not node.ask("GET", f"/{version}/_count")["count"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
        node.ask("POST", f"/{version}/_refresh")


def share(url: str, files: Sequence[Path], number: int, *options: str) -> list[str]:
    return driver(url, files, "--shard", f"{number}/4", *options)


def test_four_loaders_one_killed_and_run_again_give_the_index_of_one(
    node: Server, fresh_index: str, tmp_path: Path, files: list[Path]
) -> None:
    url, calm = f"{node.url}/{fresh_index}", tmp_path / "calm"
    with ExitStack() as stack:
        pauses = {1: "5", 2: "1", 3: "1", 4: "1"}  # seconds a slice: however slowly all start, the first is at work
        loads = [stack.enter_context(started(share(url, files, n, "--pause", s))) for n, s in pauses.items()]
        time.sleep(1)
        assert loads[0].poll() is None, "the first share is done already: nothing is left to kill"
        loads[0].kill()
        assert loads[0].wait() == -signal.SIGKILL
        told = [ended(load) for load in loads[1:]]
    assert all("is_served=False" in line for line in told)
    assert any("nobody is loading these shares of the files: 1/4" in line for line in told)
    assert served(node, fresh_index) == set()
    assert settings(node, f"{fresh_index}-v1")["refresh_interval"] == "-1"
    with started(share(url, files, 1)) as again:
        assert "is_served=True" in ended(again)
    assert served(node, fresh_index) == {f"{fresh_index}-v1"}
    assert settings(node, f"{fresh_index}-v1") == RESTORED
    run(driver(calm, files))
    assert_same_index(url, calm)
    with closing(open_ledger(url)) as ours, closing(open_ledger(str(calm))) as undisturbed:
        assert ours.arrivals() == undisturbed.arrivals()


def test_a_loader_of_fewer_files_than_the_others_ends_at_once_and_the_rest_go_on(
    node_36: Server, fresh_index: str, tmp_path: Path, files: list[Path]
) -> None:
    url, calm = f"{node_36.url}/{fresh_index}", tmp_path / "calm"
    with started(share(url, files, 1, "--pause", "0.1")) as first:
        odd = share(url, files[:-1], 2)
        refused = subprocess.run(odd, env=environment(), capture_output=True, text=True, check=False, timeout=300)
        assert (refused.returncode, refused.stdout, len(refused.stderr.splitlines())) == (1, "", 1)
        assert "in 4 shares of 8 files, but 7 files are named here, without 'pubmed26n0004.xml'." in refused.stderr
        assert "is_served=False" in ended(first)
    for n in (2, 3):
        run(share(url, files[::-1], n))
    with started(share(url, files[::-1], 4)) as last:
        assert "is_served=True" in ended(last)
    run(driver(calm, files))
    assert_same_index(url, calm)


def test_one_loader_without_a_share_takes_up_what_a_dead_one_left(
    node_36: Server, fresh_index: str, tmp_path: Path, files: list[Path]
) -> None:
    url, calm = f"{node_36.url}/{fresh_index}", tmp_path / "calm"
    with started(share(url, files, 2)) as load:
        assert "is_served=False" in ended(load)
    with started(share(url, files, 1, "--pause", "0.1")) as load:
        time.sleep(0.5)
        load.kill()
        load.wait()
    with started(driver(url, files)) as rest:
        assert "is_served=True" in ended(rest)
    run(driver(calm, files))
    assert_same_index(url, calm)


def test_a_load_stopped_by_ctrl_c_goes_on_when_run_again(
    node_36: Server, fresh_index: str, tmp_path: Path, files: list[Path]
) -> None:
    url, calm = f"{node_36.url}/{fresh_index}", tmp_path / "calm"
    with started(driver(url, files, "--pause", "0.3")) as load:
        wait_for_articles(node_36, f"{fresh_index}-v1")
        load.send_signal(signal.SIGINT)
        load.communicate(timeout=300)
        assert load.returncode not in (0, -signal.SIGKILL)
    assert served(node_36, fresh_index) == set()
    with closing(open_reader(url)) as reader:
        info = reader.info()
        assert (info.state, info.versions[0].loaders) == ("being loaded", ())
        assert 0 < info.articles < 250
    run(driver(url, files))
    run(driver(calm, files))
    assert_same_index(url, calm)


@pytest.mark.parametrize("options", [(), ("--drop-old",)], ids=["kept", "dropped"])
def test_a_kill_right_after_the_swap_leaves_nothing_undone_for_the_same_command(
    node_36: Server, fresh_index: str, files: list[Path], options: Sequence[str]
) -> None:
    url = f"{node_36.url}/{fresh_index}"
    run(driver(url, files))
    before = contents(url)[1]
    command = driver(url, files, "--rebuild", *options)
    died = subprocess.run([*command, "--die-after-swap"], env=environment(), capture_output=True, check=False)
    assert died.returncode == -signal.SIGKILL
    assert served(node_36, fresh_index) == {f"{fresh_index}-v2"}
    assert contents(url)[1].keys() == before.keys()
    run(command)
    names = {f"{fresh_index}-v2"} if options else {f"{fresh_index}-v1", f"{fresh_index}-v2"}
    assert indices(node_36, fresh_index) == names | {f"{name}-ledger" for name in names}
    assert served(node_36, fresh_index) == {f"{fresh_index}-v2"}
    assert settings(node_36, f"{fresh_index}-v2") == RESTORED
    assert contents(url)[1].keys() == before.keys()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_any_loaders_killed_at_any_moment_give_the_index_of_one(
    node_36: Server, fresh_index: str, tmp_path: Path, files: list[Path], seed: int
) -> None:
    url, calm, moments = f"{node_36.url}/{fresh_index}", tmp_path / "calm", random.Random(seed)
    for _ in range(3):
        with ExitStack() as stack:
            loads = [stack.enter_context(started(share(url, files, n, "--pause", "0.1"))) for n in (1, 2, 3, 4)]
            for load in moments.sample(loads, 2):
                time.sleep(moments.uniform(0, 1.5))
                load.kill()
            for load in loads:
                load.communicate(timeout=400)
    for n in (1, 2, 3, 4):
        run(share(url, files, n))
    run(driver(calm, files))
    assert_same_index(url, calm)
    assert settings(node_36, f"{fresh_index}-v1") == RESTORED
