"""`kill -9` of a copy into a cluster, and of a rebuild beside the version that is served."""

import random
import time
from pathlib import Path

import pytest

from tests.disturbing import assert_same_index, driver, kill_after, run, some_files
from tests.opensearch.faults import ONCE_OR_FIVE_TIMES_EACH, Loading, assert_whole, copy_command, documents, stored
from tests.opensearch.server import Server

pytestmark = pytest.mark.opensearch


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder index of 5,060 ids: several bulk requests for each connection."""
    folder = tmp_path_factory.mktemp("source")
    run(driver(folder / "index", some_files(folder, articles=5_000), "--commit", "2000"))
    return folder / "index"


@pytest.mark.parametrize(("node", "seed"), ONCE_OR_FIVE_TIMES_EACH, indirect=["node"])
def test_a_killed_copy_run_again_gives_the_same_index(node: Server, fresh_index: str, source: Path, seed: int) -> None:
    command = copy_command(source, f"{node.url}/{fresh_index}")
    calm = time.monotonic()
    run(copy_command(source, f"{node.url}/{fresh_index}-calm"))
    seconds = time.monotonic() - calm
    moments, counts, tries = random.Random(seed), [0], 0
    while len(counts) < 4:
        tries += 1
        assert tries < 20, "too few kills fell into the copy"
        if kill_after(command, moments.uniform(0.3, 0.8) * seconds):
            counts.append(stored(node, f"{fresh_index}-v1"))
        else:  # it was quicker than undisturbed: the machine has less to do by now
            node.ask("DELETE", f"/{fresh_index}-v1,{fresh_index}-v1-ledger")
            seconds, counts = 0.8 * seconds, [0]
    print(f"killed 3 copies that take {seconds:.1f} s; stored after each: {counts[1:]}")
    assert counts == sorted(counts)
    run(command)
    assert_whole(node, fresh_index, source)


@pytest.mark.parametrize(("node", "seed"), ONCE_OR_FIVE_TIMES_EACH, indirect=["node"])
def test_a_killed_rebuild_leaves_what_is_served_as_it_was_and_goes_on_when_run_again(
    node: Server, fresh_index: str, files: list[Path], calm: Path, seed: int
) -> None:
    url, moments, hits, kills = f"{node.url}/{fresh_index}", random.Random(seed), 0, 3
    run(driver(url, files))
    before = documents(node, fresh_index)
    for _ in range(kills):
        with Loading(driver(url, files, "--rebuild", "--step-pause", "0.5")) as rebuilding:
            hits += rebuilding.lasts(moments.uniform(0, 1.0))
        assert list(node.ask("GET", f"/_alias/{fresh_index}")) == [f"{fresh_index}-v1"]
        assert_same_index(url, calm)
    assert hits == kills, "a rebuild was over before it was killed"
    assert documents(node, fresh_index) == before
    run(driver(url, files, "--rebuild"))
    assert_whole(node, fresh_index, calm, number=2)
    assert documents(node, f"{fresh_index}-v1") == before
