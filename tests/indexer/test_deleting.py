"""Deleting by hand: newest of all, told what was not there."""

from pathlib import Path

from indexer.article import Deletion
from indexer.deleting import delete
from indexer.ingest import Options, ingest
from indexer.rejects import Rejects
from tests.doubles import HashEncoder, ListIndex
from tests.indexer.pubmed_files import Entry, write


def load(index: ListIndex, path: Path) -> None:
    writer = index.open_writer()
    list(ingest([path], writer, HashEncoder(), rejects=Rejects(None), options=Options()))
    writer.close()


def delete_and_close(index: ListIndex, *ids: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    writer = index.open_writer()
    result = delete(ids, writer)
    writer.close()
    return result.deleted, result.missing


def test_deleted_articles_are_tombstones_and_unknown_ids_are_told(tmp_path: Path) -> None:
    index = ListIndex(HashEncoder().space)
    load(index, write(tmp_path / "pubmed26n0001.xml", [Entry("1"), Entry("2", version=3)]))
    assert delete_and_close(index, "2", "x", "2") == (("2",), ("x",))
    record = index.rows["2"].record
    assert isinstance(record, Deletion)
    assert record.version == 3
    assert set(index.rows) == {"1", "2"}
    assert delete_and_close(index, "2") == ((), ("2",))


def test_no_numbered_file_brings_a_deleted_article_back_but_a_file_of_ones_own_does(tmp_path: Path) -> None:
    index = ListIndex(HashEncoder().space)
    load(index, write(tmp_path / "mine.xml", [Entry("1")]))
    delete_and_close(index, "1")
    load(index, write(tmp_path / "pubmed99n9999.xml", [Entry("1")]))
    assert index.open_reader().info().articles == 0
    load(index, write(tmp_path / "again.xml", [Entry("1", title="Back.")]))
    assert index.open_reader().info().articles == 1
    delete_and_close(index, "1")
    assert index.open_reader().info().articles == 0


def test_the_same_deletion_after_a_crash_is_the_same_arrival(tmp_path: Path) -> None:
    index = ListIndex(HashEncoder().space)
    load(index, write(tmp_path / "pubmed26n0001.xml", [Entry("1")]))
    before = index.rows
    delete_and_close(index, "1")
    after = index.rows["1"].record
    index.rows = before  # the crash: the arrival was noted, the commit was not made
    delete_and_close(index, "1")
    assert index.rows["1"].record == after
