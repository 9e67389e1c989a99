"""Records as actions: a document in the place of an older one, or around the vector that is stored."""

import numpy as np
import orjson
from numpy.typing import NDArray

from indexer.article import Article, Record
from indexer.decisions import as_stored
from indexer.engines.opensearch.contents.documents import VECTOR, document
from indexer.engines.opensearch.storing.bulk import HIGHEST_VERSION, Action, index_lines, update_lines
from indexer.engines.opensearch.storing.heads import Head
from indexer.order import same_file

_AROUND = (
    f"def kept = ctx._source.{VECTOR}; ctx._source.clear(); ctx._source.putAll(params.doc); ctx._source.{VECTOR} = kept"
)
"""One text for all articles, so that the cluster compiles it once."""


def put(record: Record, head: Head | None, *, vector: NDArray[np.float32] | None = None) -> Action:
    """The whole document.

    Its version is the record's order, or that of the document where this is higher (a file that is issued again holds
    records of lower orders): so whatever is newer stays, whoever writes it.
    """
    stored = as_stored(record, has_vector=vector is not None)
    version = record.order if head is None or is_newer(head, record) else max(record.order, head.version)
    lines = index_lines(record.id, document(record, vector=vector, stored=stored), version=version)
    return Action(record, lines, stored, version)


def is_newer(head: Head, record: Record) -> bool:
    """Whether another loader stored something newer since it was decided that `record` is to be written."""
    return head.stored.order > record.order and not same_file(head.stored.order, record.order)


def put_around(article: Article, head: Head) -> Action:
    """The document without its vector, which the cluster takes from the one that is there, if it is still `head`."""
    stored = as_stored(article, has_vector=True)
    doc = orjson.Fragment(document(article, stored=stored))
    script = orjson.dumps({"script": {"source": _AROUND, "params": {"doc": doc}}})
    lines = update_lines(article.id, script, seq_no=head.seq_no, primary_term=head.primary_term)
    return Action(article, lines, stored, head.version + 1, is_guarded=True)


def can_put_around(head: Head) -> bool:
    """Whether an update can count the version up by one."""
    return head.version < HIGHEST_VERSION
