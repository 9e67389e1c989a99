"""What a real cluster refuses of a load: it is listed with the server's reason, and the counts match the index."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from indexer.article import Article
from indexer.copying import Options as CopyOptions
from indexer.copying import copy, require_complete
from indexer.engines import open_reader, open_writer
from indexer.engines.protocol import Writer
from indexer.engines.writing import Share, WriteOptions
from indexer.ingest import DEFAULT, Options, ingest
from indexer.progress import Counts, Progress
from indexer.rejects import Rejects
from tests.doubles import HashEncoder, ListIndex
from tests.indexer.engines.contract import article
from tests.indexer.pubmed_files import Entry, write
from tests.opensearch.server import Server

ENCODER = HashEncoder(dimension=8)
ALONE = WriteOptions()

TOO_LONG = "k" * 60_000
"""A field's name; OpenSearch 3 takes up to 50,000 characters."""


@pytest.fixture
def opened(node: Server, fresh_index: str) -> Iterator[Callable[..., Writer]]:
    writers: list[Writer] = []

    def open_one(options: WriteOptions = ALONE) -> Writer:
        writers.append(open_writer(f"{node.url}/{fresh_index}", space=ENCODER.space, options=options))
        return writers[-1]

    yield open_one
    for writer in writers:
        writer.close()


def load(writer: Writer, *paths: Path, rejects: Path | None = None, options: Options = DEFAULT) -> Progress:
    return list(ingest(paths, writer, ENCODER, rejects=Rejects(rejects), options=options))[-1]


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("commit_records", [1, 5_000])
def test_a_record_of_a_file_that_the_cluster_refuses_is_listed_and_counted_as_rejected(
    node_36: Server, fresh_index: str, tmp_path: Path, commit_records: int
) -> None:
    file, rejects = tmp_path / "mine.jsonl", tmp_path / "rejects.jsonl"
    records = [{"id": str(n), "title": f"Title {n}."} for n in range(5)]
    records[3] = {**records[3], TOO_LONG: "x"}
    file.write_text("".join(json.dumps(record) + "\n" for record in records) + '{"id": 7, broken\n')
    location = f"{node_36.url}/{fresh_index}"
    with closing(open_writer(location, space=ENCODER.space)) as writer:
        summary = load(writer, file, rejects=rejects, options=Options(commit_records=commit_records, slice=2))
        (entry,) = writer.ledger.entries()
        writer.publish()
    assert summary.counts == Counts(added=4, rejected=2, encoded=5)
    assert summary.counts == summary.reports[0].counts
    assert (entry.read, entry.added, entry.rejected) == (6, 4, 2)
    told = {row["position"]: row for row in rows(rejects)}
    assert (told[4]["file"], told[4]["id"]) == ("mine.jsonl", "3")
    assert "Name length (60000) exceeds the maximum allowed (50000" in str(told[4]["reason"])
    assert set(told) == {4, 6}
    with closing(open_reader(location)) as reader:
        assert (reader.info().articles, reader.info().vectors) == (4, 4)


def test_a_row_that_the_target_of_a_copy_refuses_is_listed_and_the_others_are_copied(
    opened: Callable[..., Writer], node: Server, fresh_index: str, tmp_path: Path
) -> None:
    source = ListIndex(ENCODER.space)
    held = [article(str(n), order=5, source="a.xml") for n in range(4)]
    held[2] = replace(held[2], year=1 << 63)
    writer = source.open_writer()
    writer.write(held, dict(zip("0123", ENCODER.encode([a.passage for a in held]), strict=True)))
    writer.commit()
    rejects = tmp_path / "made" / "rejects.jsonl"
    with closing(opened()) as target:
        *_, counts = copy(
            source.open_reader(), source.ledger, target, options=CopyOptions(rejects=Rejects(rejects), commit_every=1)
        )
        assert target.publish().is_served
    assert counts == Counts(added=3, rejected=1)
    (row,) = rows(rejects)
    assert (row["file"], row["id"]) == ("a.xml", "2")
    assert "failed to parse field [year]" in str(row["reason"])
    with closing(open_reader(f"{node.url}/{fresh_index}")) as reader:
        assert reader.info().articles == 3
        require_complete(source.open_reader().info(), reader.info(), counts)


def test_what_another_loader_stored_meanwhile_counts_as_superseded(
    opened: Callable[..., Writer], tmp_path: Path
) -> None:
    class Late:
        """The other loader, that writes while this one encodes."""

        name, fingerprint, dimension, similarity = (
            ENCODER.name, ENCODER.fingerprint, ENCODER.dimension, ENCODER.similarity,
        )  # fmt: skip

        def encode(self, texts: object) -> object:
            theirs.write([Article(id="2", order=(1 << 62), title="Newer.")], {})
            theirs.commit()
            return ENCODER.encode(texts)  # type: ignore[arg-type]

    mine, theirs = (opened(WriteOptions(share=Share(number, 2))) for number in (1, 2))
    file = write(tmp_path / "pubmed26n0001.xml", [Entry("1"), Entry("2"), Entry("3")])
    rejects = tmp_path / "rejects.jsonl"
    steps = ingest([file], mine, Late(), rejects=Rejects(rejects))  # type: ignore[arg-type]
    *_, summary = steps
    assert summary.counts == Counts(added=2, superseded=1, encoded=3)
    assert not rejects.exists()
    assert mine.stored(["2"])["2"].order == 1 << 62
