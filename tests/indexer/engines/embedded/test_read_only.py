"""An index that cannot be written is read like any other, and left without a trace."""

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.engines import open_reader, open_writer
from indexer.engines.embedded import snapshots
from indexer.engines.embedded.layout import files_below
from indexer.errors import DamagedIndex
from indexer.queries import Lexical, Match, Nearest
from indexer.verify import verify
from tests.indexer.engines.contract import SPACE, article, vector


def add(folder: Path, id: str) -> None:
    writer = open_writer(str(folder), space=SPACE)
    writer.write([article(id, "heart")], {id: vector(1)})
    writer.commit()
    writer.close()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def cannot_lock(folder: Path) -> bool:
    """As on a mount for reading only."""
    assert folder.name == "text"
    return False


def check(folder: Path, ids: set[str]) -> None:
    reader = open_reader(str(folder))
    for hits in reader.search([Lexical(Match("heart"), 9), Nearest(vector(1), 9)]):
        assert {hit.id for hit in hits} == ids
    assert [found.id for found in reader.fetch(sorted(ids)) if found] == sorted(ids)
    assert len(list(reader.rows())) == len(ids)
    assert verify(str(folder)).is_sound
    reader.close()


@pytest.fixture
def barred(tmp_path: Path) -> Iterator[Path]:
    """A folder without the right to write; root may write anywhere."""
    folder = tmp_path / "index"
    add(folder, "1")
    for lock in (folder / "text").glob(".tantivy-*.lock"):
        lock.unlink()
    parts = [folder, folder / "text"]
    for part in parts:
        part.chmod(stat.S_IRUSR | stat.S_IXUSR)
    yield folder
    for part in parts:
        part.chmod(stat.S_IRWXU)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_the_right_to_write_is_read(barred: Path, temporary: Path) -> None:
    before = files_below(barred)
    check(barred, {"1"})
    assert files_below(barred) == before
    assert not list(temporary.iterdir())


def test_where_no_lock_can_be_made_links_serve(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New commits too are seen, as from a mount of what is written elsewhere."""
    folder = tmp_path / "index"
    add(folder, "1")
    monkeypatch.setattr(snapshots, "can_lock", cannot_lock)
    reader = open_reader(str(folder))
    check(folder, {"1"})
    add(folder, "2")
    assert reader.info().articles == 1
    reader.refresh()
    assert reader.info().articles == 2
    assert [found.id for found in reader.fetch(["1", "2"]) if found] == ["1", "2"]
    check(folder, {"1", "2"})
    assert not list(temporary.iterdir())


def test_a_lost_file_is_told_of_the_index_and_not_of_its_links(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "index"
    add(folder, "1")
    next((folder / "text").glob("*.term")).unlink()
    monkeypatch.setattr(snapshots, "can_lock", cannot_lock)
    with pytest.raises(DamagedIndex, match=str(folder)):
        open_reader(str(folder))
    assert not list(temporary.iterdir())


def test_what_cannot_be_locked_is_known(tmp_path: Path) -> None:
    assert snapshots.can_lock(tmp_path)
    assert not snapshots.can_lock(tmp_path / "none")
