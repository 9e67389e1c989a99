"""Load files into an index in memory, in small chunks."""

from pathlib import Path

from indexer.article import Article
from indexer.ingest import Options, ingest
from indexer.progress import Progress
from indexer.rejects import Rejects
from tests.doubles import HashEncoder, ListIndex
from tests.indexer.pubmed_files import Entry

SMALL = Options(chunk=4, slice=2)


def load(
    index: ListIndex,
    *paths: Path,
    encoder: HashEncoder | None = None,
    rejects: Path | None = None,
    options: Options = SMALL,
) -> Progress:
    writer = index.open_writer()
    encoder = encoder or HashEncoder()
    try:
        used = encoder if index.space is not None else None
        return list(ingest(paths, writer, used, rejects=Rejects(rejects), options=options))[-1]
    finally:
        writer.close()


def articles(index: ListIndex) -> dict[str, Article]:
    return {id: row.record for id, row in index.rows.items() if isinstance(row.record, Article)}


def five(start: int = 1) -> list[Entry]:
    return [Entry(str(pmid), title=f"Title {pmid}.", abstract="word " * pmid) for pmid in range(start, start + 5)]
