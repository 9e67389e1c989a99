"""`kill -9` of a loader at random moments, then the same command: the index of a load that nobody disturbed."""

import random
from pathlib import Path

import pytest

from tests.disturbing import driver, run
from tests.opensearch.faults import Loading, assert_whole, stored
from tests.opensearch.server import Server

pytestmark = pytest.mark.opensearch

LOAD_SECONDS = 2.0
"""Less than the slowed driver loads the files, once it is up: the first kill falls into the load for certain."""


def kill_and_resume(server: Server, name: str, files: list[Path], calm: Path, *, seed: int, kills: int) -> None:
    moments, url = random.Random(seed), f"{server.url}/{name}"
    hits, counts = 0, [0]
    for _ in range(kills):
        with Loading(driver(url, files, "--pause", "0.05")) as loading:
            hits += loading.lasts(moments.uniform(0, LOAD_SECONDS))
        counts.append(stored(server, f"{name}-v1"))
    assert hits, "no kill fell into the load"
    assert counts == sorted(counts)
    run(driver(url, files))
    assert_whole(server, name, calm)


@pytest.mark.slow
def test_a_killed_load_run_again_gives_the_same_index(
    node: Server, fresh_index: str, files: list[Path], calm: Path
) -> None:
    kill_and_resume(node, fresh_index, files, calm, seed=1, kills=3)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 105))
def test_a_killed_load_run_again_gives_the_same_index_every_time(
    node: Server, fresh_index: str, files: list[Path], calm: Path, seed: int
) -> None:
    kill_and_resume(node, fresh_index, files, calm, seed=seed, kills=3)
