"""Whatever order files arrive in, however often and split over however many loads: the same index (a property)."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.article import Article, Deletion
from indexer.ingest import Options, ingest
from indexer.rejects import Rejects
from tests.doubles import HashEncoder, ListIndex
from tests.indexer.pubmed_files import Entry, write

PMIDS = ["1", "2", "3", "4"]
TEXTS = ["", "Aspirin.", "Statins and the heart."]


@dataclass(frozen=True)
class File:
    """One source file: its articles and the (PMID, version) that it deletes; number 0 for one without a number."""

    number: int
    entries: tuple[Entry, ...]
    deleted: tuple[tuple[str, int], ...]

    @property
    def name(self) -> str:
        contents = abs(hash((self.entries, self.deleted)))
        return f"pubmed26n{self.number:04}.xml.gz" if self.number else f"mine-{contents}.xml"


entries = st.builds(
    Entry,
    pmid=st.sampled_from(PMIDS),
    title=st.sampled_from(TEXTS),
    abstract=st.sampled_from(TEXTS),
    version=st.integers(1, 2),
)
deleted = st.lists(st.tuples(st.sampled_from(PMIDS), st.integers(1, 2)), max_size=2)


@st.composite
def corpora(draw: st.DrawFn) -> list[File]:
    bodies = draw(st.lists(st.tuples(st.lists(entries, max_size=5), deleted), min_size=1, max_size=5))
    return [File(number, tuple(body), tuple(gone)) for number, (body, gone) in enumerate(bodies, start=1)]


@st.composite
def arrivals(draw: st.DrawFn, files: list[File]) -> list[list[File]]:
    """Each file at least once, some again, in any order, cut into loads."""
    order = draw(st.permutations([*files, *draw(st.lists(st.sampled_from(files), max_size=3))]))
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(order) - 1)), max_size=3)))
    return [order[start:end] for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]


def expected(files: list[File]) -> dict[str, Entry | None]:
    """By hand: of all that was ever said of a PMID, the one with the highest version, then file, then place in it."""
    said: dict[str, tuple[tuple[int, int, int], Entry | None]] = {}
    for rank, file in enumerate(files):
        statements: list[tuple[str, int, Entry | None]] = [(e.pmid, e.version, e) for e in file.entries]
        statements += [(pmid, version, None) for pmid, version in file.deleted]
        for place, (pmid, version, entry) in enumerate(statements):
            if pmid not in said or said[pmid][0] < (version, rank, place):
                said[pmid] = (version, rank, place), entry
    return {pmid: entry for pmid, (_, entry) in said.items()}


def held(index: ListIndex) -> dict[str, Entry | None]:
    """The index in the words of the model."""
    found: dict[str, Entry | None] = {}
    for id, row in index.rows.items():
        match row.record:
            case Article() as article:
                found[id] = Entry(id, article.title, article.abstract, article.version)
            case Deletion():
                found[id] = None
    return found


def run(loads: list[list[File]], folder: Path, *, force: bool = False, chunk: int = 3) -> tuple[ListIndex, HashEncoder]:
    encoder = HashEncoder(dimension=4)
    index = ListIndex(encoder.space)
    for files in loads:
        writer = index.open_writer()
        paths = [write(folder / file.name, file.entries, file.deleted) for file in files]
        options = Options(chunk=chunk, slice=2, commit_records=3, force=force)
        for step in ingest(paths, writer, encoder, rejects=Rejects(None), options=options):
            assert step.counts.read >= step.counts.rejected
        writer.close()
    return index, encoder


def assert_vectors_fit(index: ListIndex) -> None:
    for row in index.rows.values():
        if isinstance(row.record, Article) and row.record.has_text:
            assert row.vector is not None
            assert (row.vector == HashEncoder(dimension=4).encode([row.record.passage])[0]).all()
        else:
            assert row.vector is None


PROPERTY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@PROPERTY
@given(data=st.data(), force=st.booleans(), chunk=st.integers(1, 6))
def test_numbered_files_give_the_same_index_in_any_order(data: st.DataObject, force: bool, chunk: int) -> None:
    files = data.draw(corpora())
    loads = data.draw(arrivals(files))
    with tempfile.TemporaryDirectory() as folder:
        index, _ = run(loads, Path(folder), force=force, chunk=chunk)
    assert held(index) == expected(files)
    assert_vectors_fit(index)


@PROPERTY
@given(data=st.data())
def test_orders_and_tombstones_are_the_same_too(data: st.DataObject) -> None:
    files = data.draw(corpora())
    loads = data.draw(arrivals(files))
    with tempfile.TemporaryDirectory() as folder:
        index, _ = run(loads, Path(folder))
        straight, _ = run([files], Path(folder), chunk=1000)
    assert {id: row.record for id, row in index.rows.items()} == {i: r.record for i, r in straight.rows.items()}


@PROPERTY
@given(data=st.data())
def test_unnumbered_files_count_by_their_first_arrival(data: st.DataObject) -> None:
    files = [File(0, file.entries, file.deleted) for file in data.draw(corpora())]
    loads = data.draw(arrivals(files))
    first_seen = list(dict.fromkeys(file for batch in loads for file in batch))
    with tempfile.TemporaryDirectory() as folder:
        index, _ = run(loads, Path(folder), force=True)
    assert held(index) == expected(first_seen)
    assert_vectors_fit(index)


@PROPERTY
@given(data=st.data())
def test_a_second_run_over_everything_changes_and_encodes_nothing(data: st.DataObject) -> None:
    files = data.draw(corpora())
    with tempfile.TemporaryDirectory() as folder:
        index, encoder = run([files], Path(folder))
        before, encoded = dict(index.rows), len(encoder.texts_encoded)
        writer = index.open_writer()
        paths = [Path(folder) / file.name for file in files]
        list(ingest(paths, writer, encoder, rejects=Rejects(None), options=Options()))
    assert dict(index.rows) == before
    assert len(encoder.texts_encoded) == encoded
