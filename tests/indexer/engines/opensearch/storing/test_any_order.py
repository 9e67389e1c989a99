"""The property of tests/indexer/test_any_order.py on a real cluster that forgets deletes at once: a few examples."""

import tempfile
import uuid
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from indexer.article import Article
from indexer.engines import open_reader, open_writer
from indexer.engines.protocol import Reader
from indexer.ingest import Options, ingest
from indexer.rejects import Rejects
from tests.doubles import HashEncoder
from tests.indexer.pubmed_files import Entry, write
from tests.indexer.test_any_order import File, arrivals, corpora, expected
from tests.opensearch.server import Server

ENCODER = HashEncoder(dimension=4)


def run(node: Server, location: str, loads: list[list[File]], folder: Path, *, force: bool, is_served: bool) -> None:
    index = f"{location.rpartition('/')[2]}-v1"
    for number, files in enumerate(loads):
        paths = [write(folder / file.name, file.entries, file.deleted) for file in files]
        with closing(open_writer(location, space=ENCODER.space)) as writer:
            node.ask("PUT", f"/{index}/_settings", {"index.gc_deletes": "0s"})
            options = Options(chunk=3, slice=2, commit_records=3, force=force)
            for step in ingest(paths, writer, ENCODER, rejects=Rejects(None), options=options):
                assert step.counts.read >= step.counts.rejected
            assert writer.refused() == []
            if is_served and number == 0:
                writer.publish()


def held(reader: Reader) -> dict[str, Entry | None]:
    """The index in the words of the model, and each vector that of its text."""
    found: dict[str, Entry | None] = {}
    for row in reader.rows():
        found[row.record.id] = None
        if isinstance(row.record, Article):
            found[row.record.id] = Entry(row.record.id, row.record.title, row.record.abstract, row.record.version)
        wanted = isinstance(row.record, Article) and row.record.has_text
        assert (row.vector is not None) == wanted
        if isinstance(row.record, Article) and row.vector is not None:
            assert (row.vector == ENCODER.encode([row.record.passage])[0]).all()
    return found


@pytest.mark.slow
@settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), force=st.booleans(), is_served=st.booleans())
def test_numbered_files_give_the_same_index_in_any_order(
    node: Server, data: st.DataObject, force: bool, is_served: bool
) -> None:
    files = data.draw(corpora())
    loads = data.draw(arrivals(files))
    alias = f"test-{uuid.uuid4().hex[:12]}"
    location = f"{node.url}/{alias}"
    try:
        with tempfile.TemporaryDirectory() as folder:
            run(node, location, loads, Path(folder), force=force, is_served=is_served)
        with closing(open_reader(location)) as reader:
            assert held(reader) == expected(files)
    finally:
        node.ask("DELETE", f"/{alias}-v1,{alias}-v1-ledger")
