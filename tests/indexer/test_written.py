"""What an engine refuses is taken out of the counts, and vectors that an older version holds are not encoded again."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.article import Article
from indexer.engines.protocol import Refused
from indexer.ingest import Options, ingest
from indexer.progress import Counts, Progress
from indexer.rejects import Rejects
from tests.doubles import HashEncoder, ListIndex, ListWriter
from tests.indexer.pubmed_files import Entry, write

ENCODER = HashEncoder()


class PickyWriter(ListWriter):
    """Would not store some ids, as told after each commit, and knows vectors of some texts."""

    def __init__(self, index: ListIndex, refuses: Mapping[str, Refused], knows: Iterable[str] = ()) -> None:
        super().__init__(index)
        self._refuses, self._knows = refuses, set(knows)
        self._told: list[Refused] = []

    def commit(self) -> None:
        self._told = [self._refuses[id] for id in self._pending if id in self._refuses]
        self._pending = {id: row for id, row in self._pending.items() if id not in self._refuses}
        super().commit()

    def refused(self) -> list[Refused]:
        told, self._told = self._told, []
        return told

    def reusable(self, articles: Sequence[Article]) -> Mapping[str, NDArray[np.float32]]:
        return {a.id: np.full(16, 7, np.float32) for a in articles if a.id in self._knows}


def load(writer: ListWriter, *files: Path, rejects: Path | None = None, commit_records: int = 5_000) -> Progress:
    options = Options(chunk=4, slice=2, commit_records=commit_records)
    steps = list(ingest(files, writer, HashEncoder(), rejects=Rejects(rejects), options=options))
    assert all(step.counts.read >= 0 for step in steps)
    return steps[-1]


def five() -> list[Entry]:
    return [Entry(str(pmid), title=f"Title {pmid}.") for pmid in range(1, 6)]


def test_what_is_refused_counts_as_rejected_and_is_listed_by_its_place(tmp_path: Path) -> None:
    file, rejects = write(tmp_path / "pubmed26n0001.xml", five(), deleted=[("9", 1)]), tmp_path / "rejects.jsonl"
    for commit_records in (1, 5_000):
        index = ListIndex(ENCODER.space)
        writer = PickyWriter(index, {"2": Refused("2", "too odd"), "9": Refused("9", "no room")})
        rejects.unlink(missing_ok=True)
        summary = load(writer, file, rejects=rejects, commit_records=commit_records)
        assert summary.counts == summary.reports[0].counts == Counts(added=4, rejected=2, encoded=5)
        assert set(index.rows) == {"1", "3", "4", "5"}
        told = [json.loads(line) for line in rejects.read_text().splitlines()]
        assert sorted((row["file"], row["position"], row["id"], row["reason"]) for row in told) == [
            ("pubmed26n0001.xml", 2, "2", "not stored: too odd"),
            ("pubmed26n0001.xml", 6, "9", "not stored: no room"),
        ]
        (entry,) = index.ledger.entries()
        assert (entry.read, entry.added, entry.deletions, entry.rejected) == (6, 4, 0, 2)


def test_what_is_superseded_meanwhile_counts_as_that_and_is_no_reject(tmp_path: Path) -> None:
    file, rejects = write(tmp_path / "pubmed26n0001.xml", five()), tmp_path / "rejects.jsonl"
    writer = PickyWriter(ListIndex(ENCODER.space), {"4": Refused("4", "newer", is_superseded=True)})
    assert load(writer, file, rejects=rejects).counts == Counts(added=4, superseded=1, encoded=5)
    assert not rejects.exists()


def test_records_that_came_before_a_refused_one_in_its_chunk_are_rejected_with_it(tmp_path: Path) -> None:
    file = write(tmp_path / "pubmed26n0001.xml", [Entry("1"), Entry("1", version=2), Entry("1")])
    writer = PickyWriter(ListIndex(ENCODER.space), {"1": Refused("1", "too odd")})
    assert load(writer, file).counts == Counts(rejected=2, superseded=1, encoded=1)


def test_an_article_without_text_that_is_refused_is_not_counted_as_stored_without(tmp_path: Path) -> None:
    file = write(tmp_path / "pubmed26n0001.xml", [Entry("1", title="", abstract=""), Entry("2", title="", abstract="")])
    writer = PickyWriter(ListIndex(ENCODER.space), {"1": Refused("1", "too odd")})
    assert load(writer, file).counts == Counts(added=1, rejected=1, without_text=1)


def test_refusals_of_one_file_do_not_touch_the_counts_of_the_next(tmp_path: Path) -> None:
    files = [write(tmp_path / f"pubmed26n000{n}.xml", [Entry(str(n)), Entry(str(n + 10))]) for n in (1, 2)]
    summary = load(PickyWriter(ListIndex(ENCODER.space), {"1": Refused("1", "too odd")}), *files)
    assert [report.counts.rejected for report in summary.reports] == [1, 0]
    assert summary.counts == Counts(added=3, rejected=1, encoded=4)


def test_vectors_that_an_older_version_holds_are_not_encoded_again(tmp_path: Path) -> None:
    index, encoder = ListIndex(ENCODER.space), HashEncoder()
    writer = PickyWriter(index, {}, knows=["1", "3"])
    file = write(tmp_path / "pubmed26n0001.xml", five())
    *_, summary = ingest([file], writer, encoder, rejects=Rejects(None))
    assert summary.counts == Counts(added=5, encoded=3)
    assert len(encoder.texts_encoded) == 3
    for id in ("1", "3"):
        vector = index.rows[id].vector
        assert vector is not None
        assert (vector == 7).all()
