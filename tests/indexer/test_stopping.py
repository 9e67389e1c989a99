"""When a load commits, and what is left of one that is stopped or fails."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from indexer.article import Article
from indexer.ingest import Options, ingest
from indexer.progress import Counts
from indexer.rejects import Rejects
from onnx_models.encoder import Text
from tests.doubles import HashEncoder, ListIndex, Vector
from tests.indexer.loading import SMALL, five, load
from tests.indexer.pubmed_files import write


@pytest.fixture
def index() -> ListIndex:
    return ListIndex(HashEncoder().space)


class Clock:
    """A clock that moves by a second with every look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@pytest.mark.parametrize(
    ("options", "commits"),
    [
        (Options(chunk=2, slice=1), 1),
        (Options(chunk=2, slice=1, commit_records=2), 5),
        (Options(chunk=2, slice=1, commit_seconds=3, clock=Clock()), 4),
        (Options(chunk=2, slice=1, commit_bytes=1), 2),
    ],
    ids=["at the end", "by number", "by time", "by bytes, which are all read at first"],
)
def test_commits_come_by_number_by_time_and_at_the_end_of_a_file(
    index: ListIndex, tmp_path: Path, options: Options, commits: int
) -> None:
    load(index, write(tmp_path / "pubmed26n0001.xml", [*five(), *five(6)]), options=options)
    assert index.commits == commits


class StoppingEncoder(HashEncoder):
    """Presses Ctrl-C at the n-th call."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self._left = calls

    def encode(self, texts: Sequence[Text]) -> Vector:
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt
        return super().encode(texts)


def test_ctrl_c_commits_what_is_whole_and_the_same_command_goes_on(index: ListIndex, tmp_path: Path) -> None:
    file = write(tmp_path / "pubmed26n0001.xml", [*five(), *five(6)])
    with pytest.raises(KeyboardInterrupt):
        load(index, file, encoder=StoppingEncoder(calls=3))
    assert len(index.rows) == 4
    assert index.ledger.entries() == []
    assert load(index, file).counts == Counts(added=6, unchanged=4, encoded=6)


def test_ctrl_c_within_a_write_leaves_the_last_commit(
    index: ListIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "pubmed26n0001.xml", five())
    writer = index.open_writer()
    write_whole = writer.write

    def write_half(articles: Sequence[Article], *rest: object) -> None:
        write_whole(articles[:1], {})
        raise KeyboardInterrupt

    monkeypatch.setattr(writer, "write", write_half)
    with pytest.raises(KeyboardInterrupt):
        list(ingest([file], writer, HashEncoder(), rejects=Rejects(None), options=SMALL))
    assert (index.commits, index.rows) == (0, {})


def test_closing_a_load_early_commits_what_is_whole(index: ListIndex, tmp_path: Path) -> None:
    file = write(tmp_path / "pubmed26n0001.xml", [*five(), *five(6)])
    loading = ingest([file], index.open_writer(), HashEncoder(), rejects=Rejects(None), options=SMALL)
    with closing(loading):
        while next(loading).counts.added < 4:
            pass
    assert len(index.rows) == 4


def test_an_error_of_the_encoder_is_raised_as_it_is(index: ListIndex, tmp_path: Path) -> None:
    class Failing(HashEncoder):
        def encode(self, texts: Sequence[Text]) -> Vector:
            raise MemoryError("no memory for a batch")

    with pytest.raises(MemoryError, match="no memory"):
        load(index, write(tmp_path / "pubmed26n0001.xml", five()), encoder=Failing())
    assert index.rows == {}
