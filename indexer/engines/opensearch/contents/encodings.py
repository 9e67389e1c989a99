"""How vectors are kept: the mapping of their field, for each encoding and version of the server.

Only `lucene` is run by the tests. The bodies of the others follow the documentation of OpenSearch (k-NN methods and
engines, disk-based vector search) and are compared with it; they were not run here.
"""

from typing import Any, TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

from indexer.engines.protocol import VectorSpace
from indexer.engines.writing import VectorEncoding

Vector: TypeAlias = NDArray[np.float32]
ServerVersion: TypeAlias = tuple[int, ...]
"""`(2, 19, 1)`."""

GRAPH = {"m": 16, "ef_construction": 100}
"""Neighbours of a vector in the graph, and candidates that are looked at to find them: OpenSearch's own defaults."""


def vector_field(encoding: VectorEncoding, space: VectorSpace, version: ServerVersion) -> dict[str, Any]:
    """The mapping of the vectors' field. The engine is always named: a server's default may be one it cannot run."""
    field: dict[str, Any] = {
        "type": "knn_vector",
        "dimension": space.dimension,
        "space_type": space_type(encoding, space),
    }
    match encoding:
        case "lucene":
            return {**field, "method": _graph("lucene")}
        case "faiss":
            return {**field, "method": _graph("faiss")}
        case "faiss-fp16":
            return {**field, "method": _graph("faiss", encoder=_half_precision(version))}
        case "faiss-disk32x":
            return {**field, "mode": "on_disk", "compression_level": "32x", "method": _graph("faiss")}
        case _:
            assert_never(encoding)


def space_type(encoding: VectorEncoding, space: VectorSpace) -> str:
    """What the server computes: the cosine only in Lucene, which keeps vectors as they are.

    Faiss rewrites what it stores to unit length under `cosinesimil`, so there we bring unit vectors ourselves.
    """
    return "cosinesimil" if space.similarity == "cosine" and encoding == "lucene" else "innerproduct"


def as_kept(vector: Vector, encoding: VectorEncoding, space: VectorSpace) -> Vector:
    """A vector, stored or of a question, as it is sent: at length 1 where Faiss compares by cosine; zeros stay."""
    if space.similarity != "cosine" or encoding == "lucene":
        return vector
    length = np.linalg.norm(vector)
    return vector if length == 0 else (vector / length).astype(np.float32)


def _graph(engine: str, *, encoder: dict[str, Any] | None = None) -> dict[str, Any]:
    parameters = GRAPH if encoder is None else {**GRAPH, "encoder": encoder}
    return {"name": "hnsw", "engine": engine, "parameters": dict(parameters)}


def _half_precision(version: ServerVersion) -> dict[str, Any]:
    """`bits` is asked for from 3.6 on, and not known before. Values beyond 65,504 are refused, not clipped."""
    bits: dict[str, Any] = {"bits": 16} if version >= (3, 6) else {"type": "fp16"}
    return {"name": "sq", "parameters": {**bits, "clip": False}}
