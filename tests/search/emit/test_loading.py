"""Files of documents: what is in them, what lies beside them, and that a load into them goes on after a stop."""

import gzip
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pytest

from indexer.article import Article, Deletion, Record
from indexer.article_json import to_json
from indexer.engines.opensearch.contents.documents import record_of, vector_of
from indexer.engines.opensearch.files.errors import NotOurFiles, UnwritableFiles, WrittenOtherwise
from indexer.engines.writing import WriteOptions
from indexer.ingest import ingest
from indexer.progress import Progress
from indexer.rejects import Rejects
from search.emit.loading import FileOptions, open_files
from search.indexing import LoadOptions

ARTICLES = [
    Article(id=f"A{at}", title=f"Report {at} on statins", abstract="α " * at, year=2000 + at) for at in range(30)
]
SMALL = FileOptions(most=4_000)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "articles.jsonl"
    path.write_bytes(b"".join(to_json(article) + b"\n" for article in ARTICLES))
    return path


def options(home: Path, model: str = "medcpt", **more: Any) -> LoadOptions:
    return LoadOptions(home=home, model=model, **more)


def load(source: Path, to: Path | BinaryIO, load: LoadOptions, files: FileOptions = SMALL) -> Progress:
    with open_files(to, files, load) as opened:
        *_, last = ingest([source], opened.writer, opened.encoder, rejects=Rejects(None))
    return last


def lines(folder: Path) -> list[Any]:
    parts = sorted(folder.glob("part-*"))
    raw = (gzip.decompress(part.read_bytes()) if part.suffix == ".gz" else part.read_bytes() for part in parts)
    return [orjson.loads(line) for part in raw for line in part.splitlines()]


def records(documents: list[Any]) -> dict[str, Record]:
    return {document["id"]: record_of(document) for document in documents}


def plain(record: Record) -> tuple[str, ...]:
    return (record.id, record.title, record.abstract, str(record.year)) if isinstance(record, Article) else (record.id,)


@pytest.mark.parametrize("is_packed", [False, True])
def test_documents_alone_hold_every_article_with_the_vector_of_the_encoder(
    tmp_path: Path, home: Path, source: Path, is_packed: bool
) -> None:
    load(source, tmp_path / "to", options(home), FileOptions(shape="documents", is_packed=is_packed, most=4_000))
    found = lines(tmp_path / "to")
    assert sorted(map(plain, records(found).values())) == sorted(map(plain, ARTICLES))
    with open_files(tmp_path / "other", SMALL, options(home)) as opened:
        encoder = opened.encoder
    assert encoder is not None
    by_id = {article.id: article for article in ARTICLES}
    for document in found:
        (wanted,) = encoder.encode([by_id[document["id"]].passage])
        vector = vector_of(document)
        assert vector is not None
        assert vector == pytest.approx(wanted, rel=1e-4, abs=1e-5)


def test_a_bulk_file_has_an_action_before_each_document_whose_version_is_its_order(
    tmp_path: Path, home: Path, source: Path
) -> None:
    load(source, tmp_path / "to", options(home, "none"))
    found = lines(tmp_path / "to")
    actions, documents = found[0::2], found[1::2]
    assert [action["index"] for action in actions] == [
        {"_id": document["id"], "version": document["order"], "version_type": "external_gte"} for document in documents
    ]
    assert len(documents) == len(ARTICLES)


def test_parts_are_no_larger_than_asked(tmp_path: Path, home: Path, source: Path) -> None:
    load(source, tmp_path / "to", options(home, "none"), FileOptions(most=4_000))
    sizes = [part.stat().st_size for part in (tmp_path / "to").glob("part-*")]
    assert len(sizes) > 3
    assert max(sizes) <= 4_000


def test_the_bodies_of_the_index_lie_beside_the_parts(tmp_path: Path, home: Path, source: Path) -> None:
    writing = WriteOptions(shards=3, replicas=0)
    load(source, tmp_path / "to", options(home, writing=writing), FileOptions(alias="papers"))
    made = [orjson.loads((tmp_path / "to" / f"opensearch-{line}.json").read_bytes()) for line in (2, 3)]
    for body in made:
        index = body["settings"]["index"]
        assert set(body["aliases"]) == {"papers", "papers-v1-write"}
        assert (index["number_of_shards"], index["number_of_replicas"], index["knn"]) == (3, 0, True)
        assert body["mappings"]["properties"]["embedding"]["method"]["engine"] == "lucene"
    kinds = [body["settings"]["index"]["similarity"]["default"]["type"] for body in made]
    assert kinds == ["BM25", "LegacyBM25"]


def test_what_is_finished_is_passed_over_by_the_same_command(tmp_path: Path, home: Path, source: Path) -> None:
    first = load(source, tmp_path / "to", options(home, "none"))
    before = lines(tmp_path / "to")
    again = load(source, tmp_path / "to", options(home, "none"))
    assert (first.counts.added, again.counts.read) == (len(ARTICLES), 0)
    assert [report.status for report in again.reports] == ["skipped"]
    assert lines(tmp_path / "to") == before


def test_a_load_that_is_stopped_keeps_whole_parts_and_goes_on(tmp_path: Path, home: Path, source: Path) -> None:
    other = tmp_path / "more.jsonl"
    other.write_bytes(to_json(Article(id="B1", title="Later")) + b"\n")
    with open_files(tmp_path / "to", SMALL, options(home, "none")) as opened:
        steps = ingest([source, other], opened.writer, opened.encoder, rejects=Rejects(None))
        while not next(steps).reports:
            continue
        steps.close()
    assert {document["id"] for document in lines(tmp_path / "to")[1::2]} == {article.id for article in ARTICLES}
    load(other, tmp_path / "to", options(home, "none"))
    assert {document["id"] for document in lines(tmp_path / "to")[1::2]} == {*(a.id for a in ARTICLES), "B1"}


def test_a_deletion_is_a_tombstone(tmp_path: Path, home: Path) -> None:
    with open_files(tmp_path / "to", SMALL, options(home, "none")) as opened:
        opened.writer.delete([Deletion(id="gone", order=7)])
        opened.writer.commit()
    action, document = lines(tmp_path / "to")
    assert action["index"]["version"] == 7
    assert isinstance(record_of(document), Deletion)


@pytest.mark.parametrize(
    ("files", "model", "named"),
    [
        (FileOptions(shape="documents"), "none", "shape"),
        (FileOptions(is_packed=True), "none", "gzip"),
        (FileOptions(alias="papers"), "none", "index"),
        (FileOptions(), "medcpt", "meta"),
    ],
)
def test_a_folder_is_not_gone_on_with_in_another_way(
    tmp_path: Path, home: Path, source: Path, files: FileOptions, model: str, named: str
) -> None:
    load(source, tmp_path / "to", options(home, "none"), FileOptions())
    before = lines(tmp_path / "to")
    with pytest.raises(WrittenOtherwise, match=named):
        load(source, tmp_path / "to", options(home, model), files)
    assert lines(tmp_path / "to") == before


def test_a_folder_that_holds_something_else_is_left_as_it_is(tmp_path: Path, home: Path, source: Path) -> None:
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "thesis.docx").write_text("all of it")
    with pytest.raises(NotOurFiles, match=r"thesis\.docx"):
        load(source, tmp_path / "to", options(home, "none"))
    assert [path.name for path in (tmp_path / "to").iterdir()] == ["thesis.docx"]


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path, home: Path, source: Path) -> None:
    with pytest.raises(UnwritableFiles, match="articles"):
        load(source, source, options(home, "none"))


def test_a_stream_gets_the_same_documents(tmp_path: Path, home: Path, source: Path) -> None:
    stream = BytesIO()
    load(source, stream, options(home, "none"))
    load(source, tmp_path / "to", options(home, "none"))
    assert [orjson.loads(line) for line in stream.getvalue().splitlines()] == lines(tmp_path / "to")
