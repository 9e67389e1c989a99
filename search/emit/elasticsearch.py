"""The same question for Elasticsearch, over documents and fields such as `biocpt index --emit ndjson` writes.

Written by Elasticsearch's public API specification, whose allowed keys the tests compare; nothing here was run.
"""

from collections.abc import Mapping
from typing import Any

from indexer.analysis import sound
from indexer.engines.opensearch.contents.documents import VECTOR, Clause
from indexer.engines.opensearch.contents.encodings import GRAPH
from indexer.engines.opensearch.searching.lists import EF_SEARCH, by_words, condition
from indexer.engines.protocol import VectorSpace
from indexer.queries import Lexical, Nearest, Probe
from search.emit.emission import Emission, Emitted, encoded
from search.request import SearchRequest
from search.searcher import Searcher

ADDRESS = "${ELASTICSEARCH_INDEX:?set it to the URL of the index, such as https://host:9200/pubmed}"

UNRUN = "Body-compatible, not run: written by Elasticsearch's API specification; no Elasticsearch was asked."

RERANKER = "biocpt-rerank"
"""The inference endpoint that bodies name; an operator makes it, of the task type `rerank`."""

_SIMILARITY = {"ip": "max_inner_product", "cosine": "cosine"}
_MOST_CANDIDATES = 10_000


def vector_field(space: VectorSpace) -> dict[str, Any]:
    """The mapping of the vectors' field. Its numbers stay 32-bit floats: the default would round them to 8 bits."""
    return {
        "type": "dense_vector",
        "dims": space.dimension,
        "index": True,
        "similarity": _SIMILARITY[space.similarity],
        "index_options": {"type": "hnsw", **GRAPH},
    }


def emission(searcher: Searcher, request: SearchRequest) -> Emission:
    """All requests for one question; the index that is open may be any, for its model alone is asked.

    Raises: SearchError, as `searcher.search` would.
    """
    probes = searcher.asks(request)
    clauses = {name: _clause(probe) for name, probe in probes.items()}
    found = [] if searcher.info.space is None else [_mapping(searcher.info.space)]
    found += [_alone(name, clause, request) for name, clause in clauses.items()]
    best = _retriever(next(iter(clauses.items())))
    if len(clauses) > 1:
        retrievers = {name: _retriever(item) for item in clauses.items() for name in item[:1]}
        fused = {"interpolate": _linear(retrievers, request), "rrf": _rrf(retrievers, request)}
        for fusion in sorted(fused, key=lambda fusion: fusion != request.fusion):
            found.append(_fused(fusion, fused[fusion], request))
        best = fused[request.fusion]
    found.append(_reranked(best, request))
    notes = [UNRUN, "The fields are those of `biocpt index --emit ndjson`, whose elasticsearch.json makes the index."]
    return Emission(question=sound(request.query), to=ADDRESS, server="Elasticsearch", requests=found, notes=notes)


def _clause(probe: Probe) -> Clause:
    """Of a Lexical a query; of a Nearest what `knn` takes, as a search's part and as a retriever."""
    if isinstance(probe, Lexical):
        return by_words(probe).query
    return _knn(probe)


def _knn(probe: Nearest) -> Clause:
    where = condition(probe.within).clause
    asked = {
        "field": VECTOR,
        "query_vector": probe.vector,
        "k": probe.k,
        "num_candidates": min(_MOST_CANDIDATES, max(EF_SEARCH, probe.k)),
    }
    return asked if where is None else {**asked, "filter": where}


def _mapping(space: VectorSpace) -> Emitted:
    return Emitted(
        name="mapping",
        method="PUT",
        path="/_mapping",
        body=encoded({"properties": {VECTOR: vector_field(space)}}),
        about="Adds the field of vectors to an index that exists.",
    )


def _alone(name: str, clause: Clause, request: SearchRequest) -> Emitted:
    asked = {"query": clause} if name == "lexical" else {"knn": clause}
    return _search(
        "lexical" if name == "lexical" else "knn",
        asked,
        request,
        about="The best by words." if name == "lexical" else "The nearest vectors; `filter` holds inside the search.",
    )


def _retriever(named: tuple[str, Clause]) -> Clause:
    name, clause = named
    return {"standard": {"query": clause}} if name == "lexical" else {"knn": clause}


def _window(request: SearchRequest) -> int:
    """Candidates of each list: no fewer than the page needs, which is refused otherwise."""
    return max(request.depth, request.offset + request.limit)


def _rrf(retrievers: Mapping[str, Clause], request: SearchRequest) -> Clause:
    """Weights need Elasticsearch 9.2, so equal ones are left out."""
    weights = {"lexical": 2 * (1 - request.dense_weight), "dense": 2 * request.dense_weight}
    is_even = request.dense_weight == 0.5
    parts = [each if is_even else {"retriever": each, "weight": weights[name]} for name, each in retrievers.items()]
    return {"rrf": {"retrievers": parts, "rank_constant": request.rrf_k, "rank_window_size": _window(request)}}


def _linear(retrievers: Mapping[str, Clause], request: SearchRequest) -> Clause:
    weights = {"lexical": 1 - request.dense_weight, "dense": request.dense_weight}
    parts = [
        {"retriever": each, "weight": float(weights[name]), "normalizer": "minmax"} for name, each in retrievers.items()
    ]
    return {"linear": {"retrievers": parts, "rank_window_size": _window(request)}}


def _fused(fusion: str, retriever: Clause, request: SearchRequest) -> Emitted:
    name = {"interpolate": "linear", "rrf": "rrf"}[fusion]
    about = {
        "interpolate": "Both lists fused by the weighted sum of min-max-scaled scores (retriever linear, from 8.18).",
        "rrf": "Both lists fused by reciprocal ranks (retriever rrf, from 8.14; with weights from 9.2).",
    }[fusion]
    order = f"Meant to be that of `biocpt search --fusion {fusion} --rerank none` on one shard; not run."
    return _search(name, {"retriever": retriever}, request, about=about, order=order)


def _reranked(retriever: Clause, request: SearchRequest) -> Emitted:
    asked = {
        "retriever": retriever,
        "field": "abstract",
        "inference_id": RERANKER,
        "inference_text": sound(request.query),
        "rank_window_size": max(request.rerank_depth, request.offset + request.limit),
    }
    about = (
        f"The same, re-ranked by the inference endpoint {RERANKER!r}, which is yours to make. It reads one field: no "
        "titles, and nothing of an article without an abstract."
    )
    order = "Not that of `biocpt search`, which re-ranks title and abstract as a pair."
    return _search("rerank", {"retriever": {"text_similarity_reranker": asked}}, request, about=about, order=order)


def _search(name: str, asked: Clause, request: SearchRequest, *, about: str, order: str = "") -> Emitted:
    start = {"from": request.offset} if request.offset else {}
    body = {"size": request.limit, **start, "_source": {"excludes": [VECTOR]}, **asked}
    return Emitted(name=name, path="/_search", body=encoded(body), about=about, order=order)
