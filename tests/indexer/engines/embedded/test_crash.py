"""Readers beside a writing process, and what `kill -9` leaves of it."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from indexer.engines import open_reader
from indexer.engines.protocol import Reader
from indexer.errors import NoIndex, UnfinishedIndex
from indexer.queries import And, Lexical, Nearest
from indexer.verify import verify
from tests.indexer.engines.embedded.writing_process import IDS


def start(folder: Path, first: int) -> subprocess.Popen[str]:
    """A process that writes batches, from `first` on."""
    module = "tests.indexer.engines.embedded.writing_process"
    root = Path(__file__).parents[4]
    return subprocess.Popen(
        [sys.executable, "-m", module, str(folder), str(first)], stdout=subprocess.PIPE, text=True, cwd=root
    )


def kill(process: subprocess.Popen[str], *, after: int, seconds: float) -> list[int]:
    """The batches that it acknowledged before it was killed: `seconds` after it had acknowledged `after` of them."""
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(after)]
    time.sleep(seconds)
    process.kill()
    out, _ = process.communicate()
    return [int(line) for line in [*lines, *out.split()]]


def batch_of(reader: Reader) -> int:
    """The batch that the index is at: the same in every title, every vector and every list; 0 for none."""
    listed, nearest = reader.search([Lexical(And(()), 100), Nearest(np.ones(8, np.float32), 100)])
    assert {hit.id for hit in listed} == {hit.id for hit in nearest}
    if not listed:
        return 0
    assert {hit.id for hit in listed} == set(IDS)
    (score,) = {hit.score for hit in nearest}
    batch = round(score / 8)
    assert {article.title for article in reader.fetch(IDS) if article} == {f"batch n{batch}"}
    for vector in reader.vectors(IDS):
        np.testing.assert_array_equal(vector, np.full(8, batch, np.float32))
    info = reader.info()
    assert (info.articles, info.vectors, info.tombstones) == (50, 50, batch)
    return batch


@pytest.mark.slow
def test_a_reader_in_another_process_sees_whole_batches_only(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    process = start(folder, 1)
    assert process.stdout is not None
    process.stdout.readline()
    reader = open_reader(str(folder))
    seen = [batch_of(reader)]
    end = time.monotonic() + 120
    while len(set(seen)) < 8 and time.monotonic() < end:
        reader.refresh()
        seen.append(batch_of(reader))
        assert batch_of(reader) == seen[-1]
    kill(process, after=0, seconds=0)
    assert seen == sorted(seen)
    assert len(set(seen)) == 8


@pytest.mark.slow
def test_kill_leaves_the_last_acknowledged_batch(tmp_path: Path) -> None:
    """Killed five times at odd moments: while it starts, in the midst of a commit, of a merge."""
    folder = tmp_path / "index"
    last = 0
    rng = np.random.default_rng(11)
    for after in (0, 1, 3, 0, 5):
        process = start(folder, last + 1)
        acknowledged = kill(process, after=after, seconds=float(rng.uniform(0, 0.7)))
        try:
            reached = batch_of(open_reader(str(folder)))
        except (NoIndex, UnfinishedIndex):
            reached = 0
        written = acknowledged[-1] if acknowledged else last
        assert reached in (written, written + 1)  # one may be acknowledged to the disk, but not yet to us
        last = reached
    assert last > 0
    assert verify(str(folder)).is_sound
