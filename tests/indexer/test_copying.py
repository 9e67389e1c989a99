"""Copying an index: everything arrives, nothing is encoded, a stopped copy goes on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.article import Article, Deletion
from indexer.copying import Options, copy, require_complete
from indexer.errors import ArrivalsDisagree, IncompleteCopy, VectorMismatch
from indexer.ingest import ingest
from indexer.progress import Counts
from indexer.rejects import Rejects
from tests.doubles import HashEncoder, ListIndex
from tests.indexer.pubmed_files import Entry, write


@pytest.fixture
def source(tmp_path: Path) -> ListIndex:
    index = ListIndex(HashEncoder().space, location="source")
    entries = [Entry(str(pmid), title=f"Title {pmid}.") for pmid in range(1, 8)]
    files = [
        write(tmp_path / "pubmed26n0001.xml", [*entries, Entry("8", title="", abstract="")], deleted=[("3", 1)]),
        write(tmp_path / "mine.xml", [Entry("100")]),
    ]
    writer = index.open_writer()
    list(ingest(files, writer, HashEncoder(), rejects=Rejects(None)))
    writer.close()
    return index


def carry(source: ListIndex, target: ListIndex) -> Counts:
    reader, writer = source.open_reader(), target.open_writer()
    counts = list(copy(reader, source.ledger, writer, options=Options(chunk=3, commit_every=4)))[-1]
    writer.close()
    require_complete(reader.info(), target.open_reader().info(), counts)
    return counts


def assert_same_rows(one: ListIndex, other: ListIndex) -> None:
    assert set(one.rows) == set(other.rows)
    for id, row in one.rows.items():
        assert row.record == other.rows[id].record
        np.testing.assert_array_equal(row.vector, other.rows[id].vector)


def test_a_copy_has_the_rows_and_the_ledger_of_its_source(source: ListIndex) -> None:
    target = ListIndex(source.space, location="target")
    assert carry(source, target) == Counts(added=8, deletions=1)
    assert_same_rows(source, target)
    assert target.ledger.entries() == source.ledger.entries()


def test_files_that_arrive_at_the_copy_are_newer_than_those_its_source_saw(source: ListIndex, tmp_path: Path) -> None:
    target = ListIndex(source.space)
    carry(source, target)
    writer = target.open_writer()
    file = write(tmp_path / "yours.xml", [Entry("100", title="Newer.")])
    summary = list(ingest([file], writer, HashEncoder(), rejects=Rejects(None)))[-1]
    assert summary.counts.replaced == 1


def test_a_stopped_copy_goes_on_where_it_was(source: ListIndex) -> None:
    target = ListIndex(source.space)
    writer = target.open_writer()
    copying = copy(source.open_reader(), source.ledger, writer, options=Options(chunk=3, commit_every=3))
    next(copying)
    copying.close()
    writer.close()
    assert 0 < len(target.rows) < len(source.rows)
    assert target.ledger.entries() == []
    counts = carry(source, target)
    assert (counts.unchanged, counts.read) == (3, 9)
    assert_same_rows(source, target)


def test_what_is_newer_in_the_target_stays(source: ListIndex) -> None:
    target = ListIndex(source.space)
    writer = target.open_writer()
    newest = replace(source.rows["1"].record, order=2**62)
    writer.delete([Deletion(id="1", order=newest.order)])
    writer.commit()
    writer.close()
    assert carry(source, target).superseded == 1
    assert isinstance(target.rows["1"].record, Deletion)


@pytest.mark.parametrize("space", [None, HashEncoder(name="other").space, HashEncoder(dimension=8).space])
def test_a_target_of_another_space_is_refused(source: ListIndex, space: object) -> None:
    target = ListIndex(space)  # type: ignore[arg-type]  # parametrized
    with pytest.raises(VectorMismatch, match="hash"):
        list(copy(source.open_reader(), source.ledger, target.open_writer()))


def test_a_target_that_lost_rows_is_told(source: ListIndex) -> None:
    target = ListIndex(source.space, location="target")
    counts = carry(source, target)
    target.rows = {id: row for id, row in target.rows.items() if id != "2"}
    with pytest.raises(IncompleteCopy, match=r"7 articles.*8 articles"):
        require_complete(source.open_reader().info(), target.open_reader().info(), counts)


def test_a_vector_that_the_target_lacks_is_filled_in(source: ListIndex) -> None:
    target = ListIndex(source.space)
    writer = target.open_writer()
    record = source.rows["1"].record
    assert isinstance(record, Article)
    writer.write([record], {})
    writer.commit()
    writer.close()
    assert carry(source, target).replaced == 1
    assert_same_rows(source, target)


def load(index: ListIndex, *files: Path) -> None:
    writer = index.open_writer()
    list(ingest(files, writer, HashEncoder(), rejects=Rejects(None)))
    writer.close()


def test_indexes_that_counted_arrivals_each_for_itself_are_not_mixed(tmp_path: Path) -> None:
    one, other = (ListIndex(HashEncoder().space, location=name) for name in ("one", "other"))
    load(other, write(tmp_path / "z.xml", [Entry("1", title="Z.")]), write(tmp_path / "old.xml", [Entry("2")]))
    load(one, write(tmp_path / "new.xml", [Entry("2", title="New.")]))
    writer, rows = other.open_writer(), other.rows
    with pytest.raises(ArrivalsDisagree, match=r"'one' .* into 'other': arrival 1 is 'new.xml' .* 'z.xml'"):
        list(copy(one.open_reader(), one.ledger, writer, options=Options(location="other")))
    writer.close()
    assert (other.rows, set(other.ledger.arrivals().values())) == (rows, {1, 2})
    with pytest.raises(ArrivalsDisagree):
        list(copy(other.open_reader(), other.ledger, one.open_writer()))


def test_one_file_with_two_numbers_is_a_disagreement() -> None:
    one, other = ListIndex(location="one"), ListIndex(location="other")
    one.ledger.adopt("a.xml", "ab" * 32, 2)
    other.ledger.adopt("a.xml", "ab" * 32, 3)
    with pytest.raises(
        ArrivalsDisagree, match=r"arrival 2 is 'a.xml' \(abababab\) in the one, but arrival 3 is 'a.xml'"
    ):
        list(copy(one.open_reader(), one.ledger, other.open_writer()))


def test_a_copy_can_be_brought_up_to_date_from_its_source(source: ListIndex, tmp_path: Path) -> None:
    target = ListIndex(source.space)
    carry(source, target)
    load(source, write(tmp_path / "more.xml", [Entry("100", title="More.")]))
    assert carry(source, target).replaced == 1
    assert_same_rows(source, target)
    assert target.ledger.entries() == source.ledger.entries()


def test_a_file_of_which_the_target_has_another_version_is_not_ticked(source: ListIndex, tmp_path: Path) -> None:
    target = ListIndex(source.space)
    (tmp_path / "other").mkdir()
    load(target, write(tmp_path / "other" / "pubmed26n0001.xml", [Entry("50"), Entry("1", title="Later place.")]))
    counts = carry(source, target)
    assert counts.superseded == 1
    assert [entry.name for entry in target.ledger.entries()] == ["pubmed26n0001.xml", "mine.xml"]
    (theirs,) = [entry for entry in source.ledger.entries() if entry.name == "pubmed26n0001.xml"]
    assert target.ledger.find(theirs.name, theirs.digest) is None
