"""The mapping of the vectors' field against the documented bodies. Those of Faiss are never put on a server here:
the servers of the tests have no library for it, and the first document would end them."""

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import orjson
import pytest

from indexer.engines.opensearch.contents.encodings import as_kept, space_type, vector_field
from indexer.engines.protocol import VectorSpace
from indexer.engines.writing import VectorEncoding
from tests.opensearch.server import Server

SPACE = VectorSpace(model="medcpt", fingerprint="f" * 16, dimension=768, similarity="ip")
DOCUMENTED: list[dict[str, Any]] = orjson.loads(
    (Path(__file__).parents[4] / "data" / "opensearch" / "vector_fields.json").read_bytes()
)
CASES = [(row["vectors"], server, row["field"]) for row in DOCUMENTED for server in row["servers"]]


@pytest.mark.parametrize(("vectors", "server", "field"), CASES, ids=[f"{case[0]} on {case[1]}" for case in CASES])
def test_a_field_is_what_the_documentation_says(vectors: VectorEncoding, server: str, field: dict[str, Any]) -> None:
    assert vector_field(vectors, SPACE, tuple(map(int, server.split(".")))) == field


def test_each_encoding_is_documented_for_each_server() -> None:
    servers = {"2.19.1", "3.5.0", "3.6.0"}
    assert {(vectors, server) for vectors, server, _ in CASES} == {
        (vectors, server) for vectors in get_args(VectorEncoding) for server in servers
    }
    assert len(CASES) == 12


@pytest.mark.parametrize("vectors", get_args(VectorEncoding))
def test_the_engine_is_always_named(vectors: VectorEncoding) -> None:
    assert vector_field(vectors, SPACE, (3, 6))["method"]["engine"] in ("lucene", "faiss")


@pytest.mark.parametrize("vectors", get_args(VectorEncoding))
def test_only_lucene_is_asked_for_cosines(vectors: VectorEncoding) -> None:
    """Faiss would rewrite what is stored, so it gets unit vectors and computes inner products."""
    cosine, vector = replace(SPACE, similarity="cosine"), np.array([3, 4], np.float32)
    assert space_type(vectors, SPACE) == "innerproduct"
    assert as_kept(vector, vectors, SPACE) is vector
    if vectors == "lucene":
        assert space_type(vectors, cosine) == "cosinesimil"
        assert as_kept(vector, vectors, cosine) is vector
    else:
        assert space_type(vectors, cosine) == "innerproduct"
        np.testing.assert_allclose(as_kept(vector, vectors, cosine), [0.6, 0.8], rtol=1e-7)
        np.testing.assert_array_equal(as_kept(np.zeros(2, np.float32), vectors, cosine), [0, 0])


def test_servers_take_the_field_of_lucene(node: Server, fresh_index: str) -> None:
    field = vector_field("lucene", SPACE, tuple(map(int, node.version.split("."))))
    body = {"settings": {"index.knn": True}, "mappings": {"properties": {"embedding": field}}}
    node.ask("PUT", f"/{fresh_index}", body)
    kept = node.ask("GET", f"/{fresh_index}/_mapping")[fresh_index]["mappings"]["properties"]["embedding"]
    assert (kept["method"]["engine"], kept["space_type"]) == ("lucene", "innerproduct")
