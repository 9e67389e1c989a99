"""The body that an index is made with: analysis, fields, vectors, and `_meta`, which says what is in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from indexer.engines.protocol import VectorSpace
from indexer.engines.writing import Bm25, VectorEncoding

FORMAT = 1
"""Of documents and mapping; another needs a rebuild."""

META = "biocpt"
"""Our key in the mapping's `_meta`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What an index says of itself."""

    format: int
    space: VectorSpace | None
    vectors: VectorEncoding
    bm25: Bm25


def index_body(meta: Meta, *, shards: int, replicas: int | None, field: Mapping[str, Any] | None) -> dict[str, Any]:
    """The body of `PUT /<index>`.

    Args:
        meta: what it will hold.
        shards: primary shards.
        replicas: of each; None: one where there is a second node (`auto_expand_replicas` 0-1).
        field: the mapping of the vector (`encodings.vector_field`); None for an index without vectors.
    """
    raise NotImplementedError


def meta_of(mapping: Mapping[str, Any]) -> Meta | None:
    """What the mapping of an index says of it; None for an index that is not ours.

    Raises: UnreadableFormat, for one of another format.
    """
    raise NotImplementedError
