"""A file that a rebuild is given and a deletion by hand meanwhile: each counted for itself, and got the same number."""

from contextlib import closing
from pathlib import Path

import pytest

from indexer.article import Article
from indexer.copying import copy
from indexer.deleting import SOURCE, delete
from indexer.engines import open_ledger, open_reader, open_writer
from indexer.engines.writing import DEFAULT, WriteOptions
from indexer.ingest import ingest
from indexer.rejects import Rejects
from tests.doubles import HashEncoder
from tests.indexer.pubmed_files import Entry, write
from tests.opensearch.server import Server

pytestmark = pytest.mark.slow


def load(url: str, file: Path, options: WriteOptions = DEFAULT, *, delete_from: str = "") -> None:
    """`delete_from`: article 1 is deleted there before what was loaded is published."""
    encoder = HashEncoder()
    with closing(open_writer(url, space=encoder.space, options=options)) as writer:
        for _ in ingest([file], writer, encoder, rejects=Rejects(None)):
            pass
        if delete_from:
            with closing(open_writer(delete_from, space=None, create=False)) as served:
                assert delete(["1"], served).deleted == ("1",)
        assert writer.publish().is_served


def copied(source: str, target: str) -> set[str]:
    """Which articles the target holds after it."""
    with closing(open_reader(source)) as reader, closing(open_writer(target, space=HashEncoder().space)) as writer:
        for _ in copy(reader, open_ledger(source), writer):
            pass
        writer.publish()
    with closing(open_reader(target)) as reader:
        return {row.record.id for row in reader.rows() if isinstance(row.record, Article)}


@pytest.mark.parametrize("kind", ["folder", "cluster"])
def test_it_can_be_copied_again_and_again(node_36: Server, fresh_index: str, tmp_path: Path, kind: str) -> None:
    url = f"{node_36.url}/{fresh_index}"
    load(url, write(tmp_path / "pubmed26n0001.xml.gz", [Entry(str(n), title=f"Aspirin {n}") for n in range(1, 5)]))
    mine = write(tmp_path / "mine.xml", [Entry("3", title="Mine is newer")])
    load(url, mine, WriteOptions(rebuild=True, other_files=True), delete_from=url)
    numbers = {name: number for (name, _), number in open_ledger(url).arrivals().items()}
    assert numbers == {"mine.xml": 1, SOURCE: 1}
    target = str(tmp_path / "index") if kind == "folder" else f"{url}-copy"
    assert [copied(url, target) for _ in range(2)] == [{"3"}, {"3"}]
