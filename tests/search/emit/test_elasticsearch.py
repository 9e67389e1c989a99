"""Bodies for Elasticsearch hold what its public API specification allows, and nothing else. None of them was run."""

from dataclasses import replace
from typing import Any

import orjson
import pytest

from indexer.article import Article
from indexer.engines.writing import Bm25, WriteOptions
from search.emit import elasticsearch
from search.emit.index_bodies import NewIndex, index_bodies
from search.filters import Filters
from search.request import SearchRequest
from search.searcher import Searcher
from tests.doubles import HashEncoder, ListIndex
from tests.search.emit.allowed import faults

QUESTION = SearchRequest(query='do "statins" help\' women?', depth=40, limit=20, offset=5)
FILTERED = replace(
    QUESTION,
    filters=Filters(
        years=(2010, None), journals=("J Ex.",), types=("Review",), ids=("1", "2"), has_abstract=True, no_retracted=True
    ),
)
REQUESTS = [
    QUESTION,
    FILTERED,
    replace(QUESTION, fusion="rrf", rrf_k=10, dense_weight=0.7),
    replace(QUESTION, mode="lexical"),
    replace(FILTERED, mode="dense"),
    replace(QUESTION, query="of the"),
    replace(QUESTION, depth=5, offset=0, limit=100),
]


def searcher(similarity: Any = "ip") -> Searcher:
    encoder = HashEncoder(similarity=similarity)
    index = ListIndex(encoder.space)
    writer = index.open_writer()
    articles = [Article(id="1", title="Statins and women")]
    writer.write(articles, {"1": encoder.encode([articles[0].passage])[0]})
    writer.commit()
    return Searcher(index.open_reader(), encoder)


def bodies(request: SearchRequest, similarity: Any = "ip") -> dict[str, Any]:
    emission = elasticsearch.emission(searcher(similarity), request)
    return {each.name: orjson.loads(each.body) for each in emission.requests}


@pytest.mark.parametrize("request_", REQUESTS, ids=range(len(REQUESTS)))
def test_every_body_is_one_that_the_specification_allows(request_: SearchRequest) -> None:
    found = bodies(request_)
    mapping = found.pop("mapping")
    assert faults(mapping, "PutMappingBody") == []
    assert [fault for name, body in found.items() for fault in faults(body, "SearchBody", name)] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"retriever": {"rrf": {"retrievers": [], "k": 3}}},
        {"retriever": {"rrf": {"rank_constant": 3}}},
        {"retriever": {"knn": {"field": "embedding", "query_vector": ["x"], "k": 3}}},
        {"retriever": {"linear": {"retrievers": [{"retriever": {"standard": {}}, "weight": 1}]}}},
        {"query": {"match": {"title": {"query": "x"}}, "bool": {}}},
        {"query": {"hybrid": {}}},
        {"size": 1.5},
    ],
)
def test_the_comparison_finds_what_is_not_allowed(wrong: dict[str, Any]) -> None:
    assert faults(wrong, "SearchBody") != []


def test_a_hybrid_question_is_asked_by_knn_by_retrievers_and_re_ranked() -> None:
    found = bodies(FILTERED)
    assert list(found) == ["mapping", "lexical", "knn", "linear", "rrf", "rerank"]
    knn = found["knn"]["knn"]
    assert (knn["field"], knn["k"], len(knn["query_vector"])) == ("embedding", 40, 16)
    assert knn["num_candidates"] >= knn["k"]
    assert knn["filter"] == found["lexical"]["query"]["bool"]["filter"][0]
    linear = found["linear"]["retriever"]["linear"]
    assert [(part["weight"], part["normalizer"]) for part in linear["retrievers"]] == [(0.5, "minmax")] * 2
    assert found["rrf"]["retriever"]["rrf"]["rank_constant"] == 60
    rerank = found["rerank"]["retriever"]["text_similarity_reranker"]
    assert rerank["inference_text"] == FILTERED.query
    assert rerank["retriever"] == found["linear"]["retriever"]


def test_the_fusion_that_was_asked_for_comes_first_and_is_re_ranked() -> None:
    found = bodies(replace(QUESTION, fusion="rrf", dense_weight=0.75))
    assert list(found)[3:] == ["rrf", "linear", "rerank"]
    rrf = found["rrf"]["retriever"]["rrf"]
    assert [part["weight"] for part in rrf["retrievers"]] == [0.5, 1.5]
    assert found["rerank"]["retriever"]["text_similarity_reranker"]["retriever"] == {"rrf": rrf}


@pytest.mark.parametrize("request_", REQUESTS, ids=range(len(REQUESTS)))
def test_no_window_is_smaller_than_the_page_which_elasticsearch_refuses(request_: SearchRequest) -> None:
    for body in bodies(request_).values():
        for retriever in body.get("retriever", {}).values():
            assert retriever.get("rank_window_size", 10_000) >= body["size"] + body.get("from", 0)


@pytest.mark.parametrize(("similarity", "called"), [("ip", "max_inner_product"), ("cosine", "cosine")])
def test_vectors_are_compared_as_the_model_wants(similarity: Any, called: str) -> None:
    field = bodies(QUESTION, similarity)["mapping"]["properties"]["embedding"]
    assert (field["similarity"], field["dims"], field["index_options"]["type"]) == (called, 16, "hnsw")


def test_it_says_that_nothing_was_run() -> None:
    assert "Body-compatible, not run" in elasticsearch.emission(searcher(), QUESTION).notes[0]


@pytest.mark.parametrize("with_vectors", [True, False])
@pytest.mark.parametrize("writing", [WriteOptions(), WriteOptions(bm25=Bm25(0.9, 0.4), shards=3, replicas=0)])
def test_the_body_of_an_index_is_one_that_the_specification_allows(with_vectors: bool, writing: WriteOptions) -> None:
    space = HashEncoder().space if with_vectors else None
    body = orjson.loads(
        orjson.dumps(index_bodies(NewIndex(alias="pubmed", space=space, writing=writing))["elasticsearch"])
    )
    assert faults(body, "CreateIndexBody") == []
    assert set(body["aliases"]) == {"pubmed", "pubmed-v1-write"}
    assert ("embedding" in body["mappings"]["properties"]) == with_vectors
