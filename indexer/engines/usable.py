"""Ids and vectors that any engine can store, and what messages call the vectors."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from indexer.analysis import sound
from indexer.article import Article
from indexer.engines.protocol import VectorSpace
from indexer.errors import UnusableId, UnusableVector, VectorMismatch
from onnx_models.encoder import Encoder

LONGEST_ID = 512
"""Bytes; OpenSearch's limit, and a folder's too, so that an index can be copied between them."""


def usable_id(id: str) -> str:
    """The id itself.

    Raises: UnusableId, for one that is empty, longer than `LONGEST_ID`, or not to be written as UTF-8.
    """
    if not id or sound(id) != id or len(id.encode()) > LONGEST_ID:
        raise UnusableId(id=id, longest=LONGEST_ID)
    return id


def distinct_ids(articles: Sequence[Article]) -> list[str]:
    """The ids of one write.

    Raises:
        UnusableId: one cannot be stored.
        ValueError: one is there twice.
    """
    ids = [usable_id(article.id) for article in articles]
    if len(set(ids)) < len(ids):
        raise ValueError("write() was given one id twice; keep the newest of its records")
    return ids


def usable_vector(
    id: str, vector: NDArray[np.float32], space: VectorSpace | None, *, location: object
) -> NDArray[np.float32]:
    """The vector as float32 (d,), a copy.

    Raises:
        VectorMismatch: it has another width, or the index holds no vectors.
        UnusableVector: it holds NaN or infinity.
    """
    if space is None or vector.shape != (space.dimension,):
        raise VectorMismatch(index=location, stored=describe(space), asked=f"a vector of shape {vector.shape}")
    vector = np.array(vector, np.float32)
    if not np.isfinite(vector).all():
        raise UnusableVector(of=f"article {id!r}")
    return vector


def describe(of: VectorSpace | Encoder | None) -> str:
    """What every message calls vectors: `vectors of minilm (384-d, cosine, fingerprint 0123456789ab)`."""
    if of is None:
        return "no vectors"
    name = of.model if isinstance(of, VectorSpace) else f"the encoder {of.name}"
    return f"vectors of {name} ({of.dimension}-d, {of.similarity}, fingerprint {of.fingerprint[:12]})"
