"""A load: what is stored, what is counted, what happens to files that break and to loads that are stopped."""

import gzip
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer import sources
from indexer.article import Deletion
from indexer.errors import VectorMismatch
from indexer.ingest import Options, ingest
from indexer.progress import Counts
from indexer.rejects import Rejects
from tests.doubles import HashEncoder, ListIndex
from tests.indexer.loading import SMALL, articles, five, load
from tests.indexer.pubmed_files import Entry, document, write


@pytest.fixture
def index() -> ListIndex:
    return ListIndex(HashEncoder().space)


def test_articles_are_stored_with_the_vectors_of_their_passages(index: ListIndex, tmp_path: Path) -> None:
    summary = load(index, write(tmp_path / "pubmed26n0001.xml.gz", five()))
    assert summary.counts == Counts(added=5, encoded=5)
    assert sorted(articles(index)) == ["1", "2", "3", "4", "5"]
    for id, article in articles(index).items():
        vector = index.rows[id].vector
        assert vector is not None
        np.testing.assert_array_equal(vector, HashEncoder().encode([article.passage])[0])


def test_a_finished_file_is_not_read_again(index: ListIndex, tmp_path: Path) -> None:
    file = write(tmp_path / "pubmed26n0001.xml", five())
    load(index, file)
    before, encoder = index.rows, HashEncoder()
    summary = load(index, file, file, encoder=encoder)
    assert [report.status for report in summary.reports] == ["skipped"]
    assert (summary.counts.read, index.rows, encoder.texts_encoded) == (0, before, [])


def test_force_stores_again_without_encoding_again(index: ListIndex, tmp_path: Path) -> None:
    file = write(tmp_path / "pubmed26n0001.xml", five(), deleted=[("9", 1)])
    load(index, file)
    encoder = HashEncoder()
    summary = load(index, file, encoder=encoder, options=replace(SMALL, force=True))
    assert summary.counts == Counts(replaced=5, deletions=1)
    assert encoder.texts_encoded == []
    assert all(row.vector is not None for id, row in index.rows.items() if id != "9")


def test_force_encodes_what_lost_its_vector(index: ListIndex, tmp_path: Path) -> None:
    file = write(tmp_path / "pubmed26n0001.xml", five())
    load(index, file)
    writer = index.open_writer()
    writer.write([articles(index)["3"]], {})
    writer.commit()
    writer.close()
    assert load(index, file, options=replace(SMALL, force=True)).counts == Counts(replaced=5, encoded=1)
    assert index.rows["3"].vector is not None


def test_an_update_encodes_only_what_changed(index: ListIndex, tmp_path: Path) -> None:
    load(index, write(tmp_path / "pubmed26n0001.xml", five()))
    revised = [Entry("1", title="Title 1.", abstract="word ", year=1999), Entry("2", title="Other.", abstract="word")]
    encoder = HashEncoder()
    summary = load(index, write(tmp_path / "pubmed26n0002.xml", revised), encoder=encoder)
    assert summary.counts == Counts(replaced=2, encoded=1)
    assert encoder.texts_encoded == [("Other.", "word")]
    assert (articles(index)["1"].year, index.rows["1"].vector is not None) == (1999, True)


def test_a_deletion_leaves_a_tombstone_that_an_older_file_does_not_revive(index: ListIndex, tmp_path: Path) -> None:
    newer = write(tmp_path / "pubmed26n0002.xml", [], deleted=[("1", 1), ("77", 1)])
    older = write(tmp_path / "pubmed26n0001.xml", five())
    assert load(index, newer).counts == Counts(deletions=2)
    assert load(index, older).counts == Counts(added=4, superseded=1, encoded=4)
    assert isinstance(index.rows["1"].record, Deletion)
    assert isinstance(index.rows["77"].record, Deletion)


def test_a_newer_file_revives_a_deleted_article_as_added(index: ListIndex, tmp_path: Path) -> None:
    load(index, write(tmp_path / "pubmed26n0001.xml", [], deleted=[("1", 1)]))
    summary = load(index, write(tmp_path / "pubmed26n0002.xml", [Entry("1")]))
    assert summary.counts == Counts(added=1, encoded=1)


def test_an_id_repeated_in_one_chunk_is_stored_once_and_counted_each_time(index: ListIndex, tmp_path: Path) -> None:
    entries = [Entry("1", title="One."), Entry("1", title="Two.", version=2), Entry("1", title="Three.")]
    summary = load(index, write(tmp_path / "pubmed26n0001.xml", entries))
    assert summary.counts == Counts(added=1, replaced=1, superseded=1, encoded=1)
    assert articles(index)["1"].title == "Two."


def test_an_article_without_text_has_no_vector_and_is_counted(index: ListIndex, tmp_path: Path) -> None:
    summary = load(index, write(tmp_path / "pubmed26n0001.xml", [Entry("1", title="", abstract=""), Entry("2")]))
    assert summary.counts == Counts(added=2, encoded=1, without_text=1)
    assert index.rows["1"].vector is None


def test_text_that_goes_takes_its_vector_with_it(index: ListIndex, tmp_path: Path) -> None:
    load(index, write(tmp_path / "pubmed26n0001.xml", [Entry("1")]))
    load(index, write(tmp_path / "pubmed26n0002.xml", [Entry("1", title="", abstract="")]))
    assert index.rows["1"].vector is None


def test_an_index_without_vectors_takes_no_encoder(tmp_path: Path) -> None:
    index = ListIndex()
    summary = load(index, write(tmp_path / "pubmed26n0001.xml", five()))
    assert summary.counts == Counts(added=5)
    assert all(row.vector is None for row in index.rows.values())


@pytest.mark.parametrize(
    ("held", "given"),
    [(HashEncoder(), None), (None, HashEncoder()), (HashEncoder(), HashEncoder(name="other"))],
    ids=["none given", "none held", "another"],
)
def test_an_encoder_that_does_not_belong_to_the_index_is_refused_by_name(
    tmp_path: Path, held: HashEncoder | None, given: HashEncoder | None
) -> None:
    index = ListIndex(held.space if held else None)
    file = write(tmp_path / "pubmed26n0001.xml", five())
    with pytest.raises(VectorMismatch) as caught:
        list(ingest([file], index.open_writer(), given, rejects=Rejects(None), options=SMALL))
    for encoder in (held, given):
        assert encoder is None or encoder.fingerprint[:12] in str(caught.value)


def test_a_bad_record_goes_to_the_rejects_and_the_others_are_stored(index: ListIndex, tmp_path: Path) -> None:
    file, rejects = tmp_path / "mine.jsonl", tmp_path / "rejects.jsonl"
    file.write_text('{"id": "1", "title": "A."}\n{"id": 7, broken\n{"id": "3", "title": "C."}\n')
    summary = load(index, file, rejects=rejects)
    assert summary.counts == Counts(added=2, rejected=1, encoded=2)
    (row,) = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert set(row) == {"file", "position", "id", "reason", "when"}
    assert (row["file"], row["position"]) == ("mine.jsonl", 2)
    assert row["reason"]


def test_a_truncated_file_keeps_what_was_whole_and_is_read_again_once_repaired(
    index: ListIndex, tmp_path: Path
) -> None:
    file = tmp_path / "pubmed26n0001.xml.gz"
    other = write(tmp_path / "pubmed26n0002.xml.gz", five(5001))
    entries = [Entry(str(pmid), abstract=hashlib.sha512(str(pmid).encode()).hexdigest()) for pmid in range(1, 1001)]
    whole = write(file, entries).read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    summary = load(index, file, other, options=Options(chunk=64))
    (broken,) = summary.named("broken")
    assert 0 < broken.counts.added < 1000
    assert f"broke at record {broken.counts.added + 1}" in broken.reason
    assert [report.name for report in summary.named("done")] == [other.name]
    assert len(articles(index)) == broken.counts.added + 5

    file.write_bytes(whole)
    encoder = HashEncoder()
    mended = load(index, file, encoder=encoder)
    assert mended.counts.unchanged == broken.counts.added
    assert mended.counts.added == 1000 - broken.counts.added == len(encoder.texts_encoded)
    assert len(articles(index)) == 1005


def test_a_file_that_is_issued_again_replaces_what_came_from_it(index: ListIndex, tmp_path: Path) -> None:
    file = write(tmp_path / "pubmed26n0001.xml", [Entry("9"), Entry("1", title="Wrong.")])
    load(index, file)
    write(file, [Entry("1", title="Right.")])
    assert load(index, file).counts == Counts(replaced=1, encoded=1)
    assert articles(index)["1"].title == "Right."


def test_a_repaired_file_replaces_what_its_broken_version_gave(index: ListIndex, tmp_path: Path) -> None:
    file = tmp_path / "pubmed26n0007.xml"
    broken = [Entry("8"), Entry("9"), *(Entry(str(pmid), title="Wrong.") for pmid in range(1, 5))]
    file.write_text(document(broken)[:-40])
    assert load(index, file).named("broken")
    write(file, [Entry(str(pmid), title="Right.") for pmid in range(1, 5)])
    summary = load(index, file)
    assert (summary.counts.superseded, summary.counts.read) == (0, 4)
    assert {articles(index)[id].title for id in "1234"} == {"Right."}


def test_a_finished_file_that_looks_the_same_is_not_even_hashed(
    index: ListIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "pubmed26n0001.xml", five())
    load(index, file)
    hashed: list[str] = []
    digest = sources.digest

    def noted(path: Path) -> str:
        hashed.append(path.name)
        return digest(path)

    monkeypatch.setattr(sources, "digest", noted)
    assert [report.status for report in load(index, file).reports] == ["skipped"]
    assert hashed == []
    os.utime(file, ns=(1, 1))
    for _ in range(2):
        assert [report.status for report in load(index, file).reports] == ["skipped"]
    assert hashed == [file.name], "touched: hashed once, then known again"
    assert [report.status for report in load(index, file, options=replace(SMALL, force=True)).reports] == ["done"]
    assert hashed == [file.name] * 2


def test_a_wrong_md5_stops_a_file_before_it_is_read(index: ListIndex, tmp_path: Path) -> None:
    file = write(tmp_path / "pubmed26n0001.xml.gz", five())
    (tmp_path / "pubmed26n0001.xml.gz.md5").write_text(f"MD5(pubmed26n0001.xml.gz)= {'0' * 32}\n")
    summary = load(index, file)
    (broken,) = summary.named("broken")
    assert "0" * 32 in broken.reason
    assert (summary.counts.read, index.rows, index.ledger.entries()) == (0, {}, [])


def test_the_ledger_holds_the_counts_of_each_finished_file(index: ListIndex, tmp_path: Path) -> None:
    file = write(tmp_path / "pubmed26n0001.xml", five(), deleted=[("9", 1)])
    load(index, file)
    (entry,) = index.ledger.entries()
    assert (entry.name, entry.digest) == (file.name, hashlib.sha256(file.read_bytes()).hexdigest())
    assert (entry.read, entry.added, entry.deletions) == (6, 5, 1)
    assert entry.finished.endswith("+00:00")


def test_an_unnumbered_file_is_newer_than_all_before_it(index: ListIndex, tmp_path: Path) -> None:
    first, second = tmp_path / "b.xml", tmp_path / "a.xml"
    load(index, write(tmp_path / "pubmed26n0009.xml", [Entry("1", title="Numbered.")]))
    load(index, write(first, [Entry("1", title="First.")]))
    load(index, write(second, [Entry("1", title="Second.")]))
    load(index, first, options=replace(SMALL, force=True))
    assert articles(index)["1"].title == "Second."


def test_progress_is_told_after_each_slice_and_always_adds_up(index: ListIndex, tmp_path: Path) -> None:
    files = [write(tmp_path / f"pubmed26n000{n}.xml", five(n)) for n in (1, 2, 3)]
    steps = list(ingest(files, index.open_writer(), HashEncoder(), rejects=Rejects(None), options=SMALL))
    reads = [step.counts.read for step in steps]
    assert reads == sorted(reads)
    assert reads[-1] == 15
    assert len(set(reads)) > 3
    assert steps[-1].counts == sum((report.counts for report in steps[-1].reports), start=Counts())
    assert [(step.files_total, len(step.reports)) for step in steps][-1] == (3, 3)


def test_plain_and_gzipped_files_give_the_same_index(tmp_path: Path) -> None:
    one, other = ListIndex(HashEncoder().space), ListIndex(HashEncoder().space)
    (tmp_path / "a").mkdir()
    text = document(five())
    (tmp_path / "pubmed26n0001.xml").write_text(text)
    (tmp_path / "a" / "pubmed26n0001.xml.gz").write_bytes(gzip.compress(text.encode()))
    load(one, tmp_path / "pubmed26n0001.xml")
    load(other, tmp_path / "a" / "pubmed26n0001.xml.gz")
    assert {i: replace(a, source="") for i, a in articles(one).items()} == {
        i: replace(a, source="") for i, a in articles(other).items()
    }
