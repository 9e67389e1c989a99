"""The bodies that make an index for files of documents: for both lines of OpenSearch, and for Elasticsearch."""

from dataclasses import dataclass
from typing import Any

from indexer.engines.opensearch.contents.documents import VECTOR
from indexer.engines.opensearch.contents.encodings import ServerVersion, vector_field
from indexer.engines.opensearch.contents.mapping import FORMAT, LOADING, Meta, index_body, served_settings
from indexer.engines.opensearch.contents.write_alias import write_alias
from indexer.engines.opensearch.loading.versions import version_name
from indexer.engines.protocol import VectorSpace
from indexer.engines.writing import Bm25, WriteOptions
from search.emit import elasticsearch

SERVERS: dict[str, ServerVersion] = {"opensearch-2": (2, 19, 1), "opensearch-3": (3, 6, 0)}
"""Name of a body → the server that it is for; all of that line take it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIndex:
    """What is to be made."""

    alias: str
    """The name that searches ask: `pubmed`."""
    space: VectorSpace | None
    writing: WriteOptions

    @property
    def name(self) -> str:
        """The index itself: `pubmed-v1`."""
        return version_name(self.alias, 1)

    @property
    def meta(self) -> Meta:
        """What the index says of itself, by which biocpt knows it."""
        options = self.writing
        return Meta(
            format=FORMAT,
            space=self.space,
            vectors=options.vectors or "lucene",
            bm25=options.bm25 or Bm25(),
            replicas=options.replicas,
        )


def index_bodies(new: NewIndex) -> dict[str, dict[str, Any]]:
    """Name → body of `PUT /pubmed-v1`: aliases, settings, mapping. The index is searched and refreshed from the first
    document on, and `biocpt index` writes to it as to its own.
    """
    bodies = {name: _body(new, server) for name, server in SERVERS.items()}
    return {**bodies, "elasticsearch": _for_elasticsearch(new)}


def _body(new: NewIndex, server: ServerVersion) -> dict[str, Any]:
    field = None if new.space is None else vector_field(new.meta.vectors, new.space, server)
    body = index_body(new.meta, shards=new.writing.shards or 1, field=field, server=server)
    settings = {name: value for name, value in body["settings"]["index"].items() if name not in LOADING}
    wanted = served_settings(new.meta)["index"]
    served = {name: value for name, value in wanted.items() if value is not None and value is not False}
    aliases: dict[str, Any] = {new.alias: {}, write_alias(new.name): {}}
    return {"aliases": aliases, "settings": {"index": {**settings, **served}}, "mappings": body["mappings"]}


def _for_elasticsearch(new: NewIndex) -> dict[str, Any]:
    """The same with Elasticsearch's field of vectors, and without the setting that only OpenSearch knows."""
    body = _body(new, SERVERS["opensearch-2"])
    body["settings"]["index"].pop("knn", None)
    if new.space is not None:
        body["mappings"]["properties"][VECTOR] = elasticsearch.vector_field(new.space)
    return body
