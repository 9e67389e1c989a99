"""`kill -9` of a copy into a cluster, and of a rebuild beside the version that is served."""

import random
import time
from pathlib import Path

import pytest

from tests.disturbing import assert_same_index, driver, kill_after, run, some_files
from tests.opensearch.faults import Loading, assert_whole, copy_command, documents, stored
from tests.opensearch.server import Server

pytestmark = pytest.mark.opensearch


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder index of 5,060 ids: several bulk requests for each connection."""
    folder = tmp_path_factory.mktemp("source")
    run(driver(folder / "index", some_files(folder, articles=5_000), "--commit", "2000"))
    return folder / "index"


def kill_copies(server: Server, name: str, source: Path, *, seed: int, kills: int) -> None:
    command = copy_command(source, f"{server.url}/{name}")
    calm = time.monotonic()
    run(copy_command(source, f"{server.url}/{name}-calm"))
    seconds = time.monotonic() - calm
    moments, hits, counts = random.Random(seed), 0, [0]
    for _ in range(kills):
        hits += kill_after(command, moments.uniform(0.3, 0.8) * seconds)
        counts.append(stored(server, f"{name}-v1"))
    print(f"killed {hits} copies that take {seconds:.1f} s; stored after each: {counts[1:]}")
    assert hits, "no kill fell into the copy: it took less time than it did undisturbed"
    assert counts == sorted(counts)
    run(command)
    assert_whole(server, name, source)


@pytest.mark.slow
def test_a_killed_copy_run_again_gives_the_same_index(node_36: Server, fresh_index: str, source: Path) -> None:
    kill_copies(node_36, fresh_index, source, seed=1, kills=3)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 105))
def test_a_killed_copy_run_again_gives_the_same_index_every_time(
    node: Server, fresh_index: str, source: Path, seed: int
) -> None:
    kill_copies(node, fresh_index, source, seed=seed, kills=3)


def kill_rebuilds(server: Server, name: str, files: list[Path], calm: Path, *, seed: int, kills: int) -> None:
    url, moments, hits = f"{server.url}/{name}", random.Random(seed), 0
    run(driver(url, files))
    before = documents(server, name)
    for _ in range(kills):
        with Loading(driver(url, files, "--rebuild", "--step-pause", "0.2")) as rebuilding:
            hits += rebuilding.lasts(moments.uniform(0, 1.0))
        assert list(server.ask("GET", f"/_alias/{name}")) == [f"{name}-v1"]
        assert_same_index(url, calm)
    assert hits == kills, "a rebuild was over before it was killed"
    assert documents(server, name) == before
    run(driver(url, files, "--rebuild"))
    assert_whole(server, name, calm, number=2)
    assert documents(server, f"{name}-v1") == before


@pytest.mark.slow
def test_a_killed_rebuild_leaves_what_is_served_as_it_was_and_goes_on_when_run_again(
    node_36: Server, fresh_index: str, files: list[Path], calm: Path
) -> None:
    kill_rebuilds(node_36, fresh_index, files, calm, seed=1, kills=2)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 105))
def test_a_killed_rebuild_leaves_what_is_served_as_it_was_every_time(
    node: Server, fresh_index: str, files: list[Path], calm: Path, seed: int
) -> None:
    kill_rebuilds(node, fresh_index, files, calm, seed=seed, kills=3)
