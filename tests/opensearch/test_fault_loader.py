"""`kill -9` of a loader at random moments, then the same command: the index of a load that nobody disturbed."""

import random
from pathlib import Path

import pytest

from tests.disturbing import driver, run
from tests.opensearch.faults import LOAD_SECONDS, ONCE_OR_FIVE_TIMES, SLOWLY, Loading, assert_whole, stored
from tests.opensearch.server import Server

pytestmark = pytest.mark.opensearch


@pytest.mark.parametrize("seed", ONCE_OR_FIVE_TIMES)
def test_a_killed_load_run_again_gives_the_same_index(
    node: Server, fresh_index: str, files: list[Path], calm: Path, seed: int
) -> None:
    moments, url = random.Random(seed), f"{node.url}/{fresh_index}"
    hits, counts = 0, [0]
    for _ in range(3):
        with Loading(driver(url, files, *SLOWLY)) as loading:
            hits += loading.lasts(moments.uniform(0, LOAD_SECONDS))
        counts.append(stored(node, f"{fresh_index}-v1"))
    assert hits, "no kill fell into the load"
    assert counts == sorted(counts)
    run(driver(url, files))
    assert_whole(node, fresh_index, calm)
