"""Documents of somebody's index, page by page: their text and what guards an update of them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple

import orjson

from indexer.engines.opensearch.attached.foreign import Foreign
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.searching.reading import shard_pages

_FIRST, _MOST = 8, 500
"""Documents of a page: few of an index whose documents nobody knows yet."""

_MOST_BYTES = 8_000_000
"""Of a page, as far as the one before it told: documents may be of many megabytes each."""


class Document(NamedTuple):
    """One document as it was read."""

    id: str
    routing: str | None
    """What chooses its shard, where that is not its id."""
    seq_no: int
    primary_term: int
    """The two name this state of it: an update that names them fails if anybody wrote since."""
    source: Mapping[str, Any]


class PageSize:
    """How many documents to ask for next, by the bytes of the last page."""

    def __init__(self, most: int = _MOST) -> None:
        """`most`: documents that one search may give."""
        self._most = min(_MOST, most)
        self.documents = min(_FIRST, self._most)

    def learn(self, hits: Sequence[Any]) -> None:
        """Aim at `_MOST_BYTES`; grow by four times at most, as the next documents may be longer."""
        if hits:
            each = max(1, len(orjson.dumps(hits)) // len(hits))
            self.documents = max(1, min(self._most, self.documents * 4, _MOST_BYTES // each))


def all_documents(
    cluster: Cluster, index: Foreign, query: Mapping[str, Any], fields: Sequence[str]
) -> Iterator[Document]:
    """Every document that matches, with these fields of its `_source`; each shard as it was when it was begun."""
    size = PageSize(index.window)
    for shard in range(index.shards):
        yield from _of_shard(cluster, index.name, shard, {"query": query, **_wanted(fields)}, size)


def now(cluster: Cluster, index: str, document: tuple[str, str | None], fields: Sequence[str]) -> Document | None:
    """One document by id and routing, as it is at this moment; None where it was deleted."""
    id, routing = document
    asked = {"_id": id, "_source": {"includes": list(fields)}, **({} if routing is None else {"routing": routing})}
    doing = f"read a document of {index!r}"
    (found,) = cluster.request("POST", f"/{index}/_mget", {"docs": [asked]}, doing=doing)["docs"]
    if "error" in found:
        raise cluster.refused(503, found["error"], doing=doing)
    return _document(found) if found["found"] else None


def _wanted(fields: Sequence[str]) -> dict[str, Any]:
    return {"_source": {"includes": list(fields)} if fields else False, "seq_no_primary_term": True}


def _of_shard(cluster: Cluster, index: str, shard: int, asked: Mapping[str, Any], size: PageSize) -> Iterator[Document]:
    doing = f"read the documents of {index!r}"
    with closing(shard_pages(cluster, index, shard, asked, lambda: size.documents, doing=doing)) as pages:
        for hits in pages:
            size.learn(hits)
            yield from map(_document, hits)


def _document(hit: Mapping[str, Any]) -> Document:
    return Document(hit["_id"], hit.get("_routing"), hit["_seq_no"], hit["_primary_term"], hit.get("_source", {}))
