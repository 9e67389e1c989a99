"""Taking back what was attached: our values out of each document, then our note out of the mapping."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace

from indexer.attach.filling import FillOptions
from indexer.attach.tally import Outcome, Tally
from indexer.attach.writing import Writing
from indexer.engines.opensearch.attached import changes, pages, record
from indexer.engines.opensearch.attached.foreign import Foreign, documents, refresh
from indexer.engines.opensearch.attached.record import Record
from indexer.engines.opensearch.connecting.connection import Cluster

_SHOWN = 20


def undo(cluster: Cluster, index: Foreign, said: Record, options: FillOptions) -> Generator[Tally, None, Outcome]:
    """Remove our fields from all documents that have them; the note goes last, so that a stopped run can go on.

    Yields progress, and returns what is left. Where the cluster would not change a document, or somebody stored one
    with our values meanwhile, the note stays, so that the same call goes on.

    Raises: IndexerError, where the cluster stops taking it.
    """
    ours = {"exists": {"field": said.added.model}}
    if not options.dry_run:
        refresh(cluster, index.name)  # what no search has seen yet would be left out
    tally = Tally(found=documents(cluster, index.name, ours))
    yield tally
    writing = Writing(cluster, index, said.added.all[1:], lambda document, change: changes.again(change, document))
    with closing(writing):
        for document in pages.all_documents(cluster, index, ours, ()):
            tally = replace(tally, read=tally.read + 1, cleared=tally.cleared + 1)
            if not options.dry_run:
                options.pace.wait()
                writing.put(changes.take_out(document, said.added.all))
            if tally.read % 500 == 0:
                yield writing.settled(tally)
        writing.finish()
        tally = writing.settled(tally)
        yield tally
    is_seen = options.dry_run or refresh(cluster, index.name)
    refusals = tuple((refused.id, refused.reason) for refused in writing.refused()[:_SHOWN])
    left = documents(cluster, index.name, ours)
    if not options.dry_run and not refusals and not (is_seen and left):
        record.note(cluster, index, record.without_note(index))
    return Outcome(
        documents=documents(cluster, index.name),
        with_vector=left,
        tally=tally,
        refusals=refusals,
        is_seen=is_seen,
    )
