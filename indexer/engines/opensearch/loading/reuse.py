"""Vectors out of the version that is served, for texts that a rebuild loads unchanged: none is encoded again."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.article import Article, text_digest
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.contents.documents import VECTOR, vector_of
from indexer.engines.opensearch.contents.mapping import Meta
from indexer.engines.opensearch.loading.versions import Version, find_versions

AT_ONCE = 256
"""Documents asked for in one request: 768 numbers of each are 2 MB as JSON."""


class OldVectors:
    """What the served version knows of texts."""

    def __init__(self, cluster: Cluster, served: Version) -> None:
        self._cluster, self._served = cluster, served

    def of(self, articles: Sequence[Article]) -> Mapping[str, NDArray[np.float32]]:
        """By id, the vectors (d,) of those articles whose text the served version holds just as it is here."""
        return self.of_texts({article.id: text_digest(article) for article in articles if article.has_text})

    def of_texts(self, digests: Mapping[str, str]) -> Mapping[str, NDArray[np.float32]]:
        """The same, for text digests by id."""
        found: dict[str, NDArray[np.float32]] = {}
        ids = iter(digests)
        while part := list(islice(ids, AT_ONCE)):
            for document in self._read(part):
                source = document.get("_source", {})
                vector = vector_of(source)
                if vector is not None and source.get("text_digest") == digests[document["_id"]]:
                    found[document["_id"]] = vector
        return found

    def _read(self, ids: list[str]) -> list[Mapping[str, Any]]:
        """What is stored under these ids; nothing where the version was dropped meanwhile."""
        answer = self._cluster.request(
            "POST",
            f"/{self._served.name}/_mget",
            {"ids": ids},
            params={"_source_includes": f"text_digest,{VECTOR}"},
            ignore=(404,),
            doing=f"read vectors of {self._served.name!r}",
        )
        documents: list[Mapping[str, Any]] = answer.get("docs", [])
        return documents


def old_vectors(cluster: Cluster, version: Version) -> OldVectors | None:
    """Those of the version that is served while `version` is loaded; None without one, or with one of other vectors."""
    served = find_versions(cluster).served
    if served is None or served.name == version.name or not isinstance(served.said, Meta):
        return None
    old, new = served.said.space, version.meta.space
    return OldVectors(cluster, served) if old is not None and new is not None and old.fits(new) else None
