"""The body that an index is made with, and what the servers make of it."""

from dataclasses import asdict, replace

import orjson
import pytest

from indexer.article import Article, MeshHeading
from indexer.engines.opensearch.contents.documents import document
from indexer.engines.opensearch.contents.encodings import ServerVersion, vector_field
from indexer.engines.opensearch.contents.mapping import FORMAT, Meta, index_body, meta_of, served_settings
from indexer.engines.protocol import VectorSpace
from indexer.engines.writing import Bm25
from indexer.errors import DamagedIndex, UnreadableFormat
from tests.opensearch.server import Refusal, Server

SPACE = VectorSpace(model="test", fingerprint="f" * 16, dimension=8, similarity="ip", query_fingerprint="q")
META = Meta(format=FORMAT, space=SPACE, vectors="lucene", bm25=Bm25(0.9, 0.4), replicas=2)


def numbers(node: Server) -> ServerVersion:
    return tuple(map(int, node.version.split(".")))


@pytest.fixture
def index(node: Server, fresh_index: str) -> str:
    """A fresh index of ours on the server."""
    body = index_body(META, shards=1, field=vector_field("lucene", SPACE, numbers(node)), server=numbers(node))
    node.ask("PUT", f"/{fresh_index}", body)
    return fresh_index


def put(node: Server, index: str, article: Article) -> None:
    node.ask("POST", f"/{index}/_doc?refresh=true", document(article))


def found(node: Server, index: str, query: object) -> list[str]:
    body = {"query": query, "sort": ["id"]}
    return [hit["_source"]["id"] for hit in node.ask("POST", f"/{index}/_search", body)["hits"]["hits"]]


@pytest.mark.parametrize("meta", [META, replace(META, space=None, replicas=None), replace(META, vectors="faiss-fp16")])
def test_what_an_index_says_of_itself_reads_back(meta: Meta) -> None:
    body = orjson.loads(orjson.dumps(index_body(meta, shards=3, field=None, server=(2, 19))))
    assert meta_of(body["mappings"]) == meta


def test_an_index_of_others_says_nothing_of_ours() -> None:
    assert meta_of({"properties": {}}) is None
    assert meta_of({"_meta": {"medcpt": {"dim": 768}}}) is None


@pytest.mark.parametrize("said", [{"format": FORMAT + 1}, {"format": "x"}, {}, 7])
def test_another_format_is_refused(said: object) -> None:
    with pytest.raises(UnreadableFormat, match="format"):
        meta_of({"_meta": {"biocpt": said}})


@pytest.mark.parametrize("part", ["space", "bm25", "vectors"])
def test_a_damaged_note_is_no_other_error(part: str) -> None:
    said = asdict(META)
    del said[part]
    with pytest.raises(DamagedIndex, match=part):
        meta_of({"_meta": {"biocpt": said}})


def test_bm25_is_set_at_creation_and_has_one_scale_on_all_servers() -> None:
    """3.0 dropped the constant factor k1 + 1 from `BM25`, and kept the old one under another name."""
    bodies = {server: index_body(META, shards=1, field=None, server=server) for server in [(2, 19, 1), (3, 0), (3, 6)]}
    similarities = {server: body["settings"]["index"]["similarity"]["default"] for server, body in bodies.items()}
    assert similarities == {
        (2, 19, 1): {"type": "BM25", "k1": 0.9, "b": 0.4},
        (3, 0): {"type": "LegacyBM25", "k1": 0.9, "b": 0.4},
        (3, 6): {"type": "LegacyBM25", "k1": 0.9, "b": 0.4},
    }


def test_an_index_without_vectors_needs_no_k_nn() -> None:
    body = index_body(replace(META, space=None), shards=1, field=None, server=(3, 6))
    assert "knn" not in body["settings"]["index"]
    assert "embedding" not in body["mappings"]["properties"]


def test_servers_give_back_what_an_index_says_of_itself(node: Server, index: str) -> None:
    assert meta_of(node.ask("GET", f"/{index}")[index]["mappings"]) == META


def test_an_index_is_made_without_copies_and_refreshes_and_gets_them_when_served(node: Server, index: str) -> None:
    made = node.ask("GET", f"/{index}/_settings?flat_settings=true")[index]["settings"]
    assert (made["index.number_of_replicas"], made["index.refresh_interval"]) == ("0", "-1")
    node.ask("PUT", f"/{index}/_settings", served_settings(META))
    served = node.ask("GET", f"/{index}/_settings?flat_settings=true")[index]["settings"]
    assert served["index.number_of_replicas"] == "2"
    assert "index.refresh_interval" not in served
    node.ask("PUT", f"/{index}/_settings", served_settings(replace(META, replicas=None)))
    assert node.ask("GET", f"/{index}/_settings?flat_settings=true")[index]["settings"][
        "index.auto_expand_replicas"
    ] == ("0-1")


def test_a_field_that_is_not_ours_is_refused(node: Server, index: str) -> None:
    with pytest.raises(Refusal, match="strict_dynamic_mapping"):
        node.ask("POST", f"/{index}/_doc", {"id": "1", "surprise": 1})


def test_whatever_a_record_holds_is_stored(node: Server, index: str) -> None:
    odd = {"a": [1, "b", {"c": None}], "deep": {"x": {"y": [[]]}}, "2015-01-01": 1.5, "": "nameless"}
    put(node, index, Article(id="1", extra=odd, year=10**12, journal="J" * 40_000, title="T" * 40_000))
    assert found(node, index, {"range": {"year": {"gte": 10**12}}}) == ["1"]


def test_title_words_count_twice_and_all_abstracts_once(node: Server, index: str) -> None:
    article = Article(id="1", title="valve", abstract="pump", vernacular_title="Klappe")
    put(node, index, article)
    body = {"query": {"match": {"title_abstract": "valve pump klappe"}}, "explain": True}
    (hit,) = node.ask("POST", f"/{index}/_search", body)["hits"]["hits"]
    assert counts(hit["_explanation"]) == [1.0, 1.0, 2.0]


def counts(explanation: object) -> list[float]:
    """How often each word occurs, out of a server's explanation of a score."""
    match explanation:
        case {"description": str(said), "value": float(value)} if said.startswith("freq,"):
            return [value]
        case {"details": list(details)}:
            return sorted(value for detail in details for value in counts(detail))
        case _:
            return []


def test_ids_sort_by_their_exact_spelling_and_are_found_in_any_case(node: Server, index: str) -> None:
    for id in ("b", "B", "é", "Z" * 512, "10", "9"):
        put(node, index, Article(id=id))
    assert found(node, index, {"match_all": {}}) == sorted(["b", "B", "é", "Z" * 512, "10", "9"])
    assert found(node, index, {"term": {"id.any_case": "B"}}) == ["B", "b"]
    assert found(node, index, {"term": {"id": "B"}}) == ["B"]


@pytest.mark.parametrize("value", ["Straße", "İzmir", "ΟΔΟΣ", "ŉ", "ﬁn", "Résumé", "µM"])
def test_keywords_ignore_case_as_python_does(node: Server, index: str, value: str) -> None:
    put(node, index, Article(id="1", mesh=(MeshHeading(name=value),)))
    assert found(node, index, {"terms": {"mesh.any_case": [value.casefold()]}}) == ["1"]
    assert found(node, index, {"terms": {"mesh.any_case": [value.upper().casefold()]}}) == ["1"]
