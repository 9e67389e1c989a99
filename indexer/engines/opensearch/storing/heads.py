"""What the cluster holds under ids: the facts that decide, and which state of the document they are of."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.lookup import look_up
from indexer.engines.opensearch.contents.documents import STORED, VECTOR, stored_of, vector_of
from indexer.engines.opensearch.storing.patience import FOR_MINUTES, Patience, patiently
from indexer.engines.protocol import Stored

_AT_ONCE, _VECTORS_AT_ONCE = 1000, 100
"""Documents of one request: some 300 bytes of each are answered, and up to 20 kB of one with its vector."""


@dataclass(frozen=True, slots=True)
class Head:
    """One document, without what it says."""

    stored: Stored
    version: int
    seq_no: int
    primary_term: int
    vector: NDArray[np.float32] | None = None
    """Only where it was asked for."""


class Heads:
    """Reads documents by id, as they are at this moment, refreshed or not."""

    def __init__(self, cluster: Cluster, index: str, patience: Patience | None = FOR_MINUTES) -> None:
        """`patience`: with troubles that pass; None where whoever asks deals with them."""
        self._cluster, self._index, self._patience = cluster, index, patience

    def without_patience(self) -> "Heads":
        """The same documents, for a thread that must not sleep through the end of the sending."""
        return Heads(self._cluster, self._index, None)

    def read(self, ids: Collection[str]) -> dict[str, Head]:
        """By id; unknown ones are absent."""
        return self._read(list(ids), STORED, _AT_ONCE)

    def with_vectors(self, ids: Collection[str]) -> dict[str, Head]:
        """The same, with the vectors."""
        return self._read(list(ids), (*STORED, VECTOR), _VECTORS_AT_ONCE)

    def _read(self, ids: Sequence[str], fields: Sequence[str], at_once: int) -> dict[str, Head]:
        parts = (ids[start : start + at_once] for start in range(0, len(ids), at_once))
        doing = f"read documents of {self._index!r}"
        found: dict[str, Head] = {}
        for part in parts:
            ask = partial(self._documents, part, fields, doing)
            found |= ask() if self._patience is None else patiently(ask, doing=doing, patience=self._patience)
        return found

    def _documents(self, ids: Sequence[str], fields: Sequence[str], doing: str) -> dict[str, Head]:
        params = {"_source_includes": ",".join(fields)}
        documents = look_up(self._cluster, self._index, ids, params=params, doing=doing)
        return {document["_id"]: _head(document) for document in documents}


def _head(document: dict[str, Any]) -> Head:
    source = document["_source"]
    return Head(
        stored=stored_of(source),
        version=document["_version"],
        seq_no=document["_seq_no"],
        primary_term=document["_primary_term"],
        vector=vector_of(source),
    )
