"""What is looked at before a version is served: whether all is there that was loaded, and a sample of its vectors."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.contents.documents import DELETED, HAS_TEXT, HAS_VECTOR, VECTOR, vector_of
from indexer.engines.opensearch.errors import UnsoundVersion
from indexer.engines.opensearch.loading.ledger import ClusterLedger
from indexer.engines.opensearch.loading.loaders import Loader
from indexer.engines.opensearch.loading.reuse import old_vectors
from indexer.engines.opensearch.loading.versions import Version
from indexer.engines.opensearch.pipelines.defaults import PLAIN

SAMPLE = 100
"""Vectors that are read again."""

ALIKE = 0.95
"""The least cosine of a vector and that of the same text in the served version; another precision changes less."""

_HAS_TEXT: dict[str, Any] = {"term": {HAS_TEXT: True}}
_VECTOR_IS_THERE: dict[str, Any] = {"exists": {"field": VECTOR}}


def inspect(cluster: Cluster, version: Version, loaders: Sequence[Loader], seed: int = 0) -> None:
    """Make what was loaded visible, and compare it with what loaders and ledger say of it.

    Raises:
        UnsoundVersion: something is missing or wrong.
    """
    answer = cluster.request("POST", f"/{version.name}/_refresh", doing=f"refresh {version.name!r}", timeout=600)
    failed = answer["_shards"]["failed"]
    problems = [f"{failed} of its shards could not be refreshed"] if failed else []
    problems += _miscounts(cluster, version, loaders)
    if version.meta.space is not None and not problems:
        problems += _bad_vectors(cluster, version, seed)
    if problems:
        raise UnsoundVersion(address=cluster.address, name=version.name, why="; ".join(problems[:3]))


def _miscounts(cluster: Cluster, version: Version, loaders: Sequence[Loader]) -> Iterator[str]:
    counted = _counts(cluster, version)
    ids, created = counted["ids"], sum(loader.created for loader in loaders)
    if ids < created:
        yield f"it holds {_number(ids, 'document')}, but its loaders made {created:,}"
    entries = ClusterLedger(cluster, version.name).entries()
    if len(loaders) <= 1:  # several may each have found the same article new
        added = sum(entry.added - entry.deletions - entry.unchanged for entry in entries)
        if ids < added:
            yield f"it holds {_number(ids, 'document')}, but its files gave at least {added:,}"
    if counted["noted"] != counted["vectors"]:
        yield f"it holds {_number(counted['vectors'], 'vector')}, but notes {counted['noted']:,}"
    if version.meta.space is not None and counted["bare"]:
        yield f"it holds {_number(counted['bare'], 'article')} with text, but no vector"


def _number(count: int, of: str) -> str:
    return f"{count:,} {of}{'' if count == 1 else 's'}"


def _counts(cluster: Cluster, version: Version) -> dict[str, int]:
    none: dict[str, Any] = {"match_none": {}}
    filters = {
        "noted": HAS_VECTOR,
        "vectors": _VECTOR_IS_THERE if version.meta.space is not None else none,
        "bare": {"bool": {"filter": [_HAS_TEXT], "must_not": [HAS_VECTOR, DELETED]}},
    }
    body = {
        "size": 0,
        "track_total_hits": True,
        "aggs": {name: {"filter": {"bool": {"filter": [query]}}} for name, query in filters.items()},
    }
    answer = _search(cluster, version, body, doing=f"count the documents of {version.name!r}")
    counts = {name: int(answer["aggregations"][name]["doc_count"]) for name in filters}
    return {"ids": int(answer["hits"]["total"]["value"]), **counts}


def _bad_vectors(cluster: Cluster, version: Version, seed: int) -> Iterator[str]:
    """Of a sample: not finite, of another width, or unlike that of the same text in the version that is served."""
    space, old = version.meta.space, old_vectors(cluster, version)
    at_random = {"function_score": {"query": HAS_VECTOR, "random_score": {"seed": seed, "field": "_seq_no"}}}
    body = {"size": SAMPLE, "query": at_random, "_source": ["text_digest", VECTOR]}
    answer = _search(cluster, version, body, doing=f"read vectors of {version.name!r}")
    sample = {hit["_id"]: hit["_source"] for hit in answer["hits"]["hits"]}
    twins = old.of_texts({id: source["text_digest"] for id, source in sample.items()}) if old is not None else {}
    for id, source in sample.items():
        vector = vector_of(source)
        if vector is None or space is None or vector.shape != (space.dimension,) or not np.isfinite(vector).all():
            yield f"the vector of {id!r} is unusable"
        elif id in twins and not _alike(vector, twins[id]):
            yield f"the vector of {id!r} is unlike that of the same text in the served version"


def _alike(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return bool(one @ other >= ALIKE * lengths)


def _search(cluster: Cluster, version: Version, body: Mapping[str, Any], *, doing: str) -> Any:
    params = {**PLAIN, "allow_partial_search_results": "false"}
    return cluster.request("POST", f"/{version.name}/_search", body, params=params, doing=doing, timeout=600)
