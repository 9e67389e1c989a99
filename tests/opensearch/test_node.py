"""A node is a real OpenSearch that can be stopped, killed, hung and started again with what it stored."""

import os
import signal
import socket
import time
from collections.abc import Callable

import pytest
import urllib3

from tests.opensearch.node import Node, NodeFailed, free_ports
from tests.opensearch.server import Refusal, Server
from tests.opensearch.servers import RUNNING, Servers

pytestmark = pytest.mark.slow


def test_a_node_says_its_version_and_plugins(node: Server) -> None:
    assert node.ask("GET", "/")["version"]["number"] == node.version
    plugins = {row["component"] for row in node.ask("GET", "/_cat/plugins?format=json")}
    assert plugins >= {"opensearch-knn", "opensearch-neural-search", "opensearch-job-scheduler"}


def test_a_node_is_run_by_someone_without_rights(node: Server) -> None:
    if not isinstance(node, Node):
        pytest.skip(f"a server of {RUNNING} is not ours")
    written_by_the_server = node.folder / "config" / "opensearch.keystore"
    assert written_by_the_server.stat().st_uid != 0


def test_both_lines_have_the_same_text_analysis_and_scripts(node: Server, fresh_index: str) -> None:
    analysis = {
        "char_filter": {
            "greek": {"type": "mapping", "mappings": ["α => alpha"]},
            "plural": {"type": "pattern_replace", "pattern": r"\(s\)", "replacement": "s"},
        },
        "tokenizer": {"parts": {"type": "char_group", "tokenize_on_chars": ["whitespace", "-"]}},
        "filter": {"stems": {"type": "snowball", "language": "English"}, "few": {"type": "stop", "stopwords": ["the"]}},
        "analyzer": {
            "ours": {
                "type": "custom",
                "char_filter": ["greek", "plural"],
                "tokenizer": "parts",
                "filter": ["lowercase", "asciifolding", "few", "stems"],
            }
        },
    }
    node.ask("PUT", f"/{fresh_index}", {"settings": {"analysis": analysis, "number_of_replicas": 0}})
    asked = {"analyzer": "ours", "text": "The TNF-α binding(s) of Müller"}
    tokens = node.ask("POST", f"/{fresh_index}/_analyze", asked)["tokens"]
    assert [token["token"] for token in tokens] == ["tnf", "alpha", "bind", "of", "muller"]

    node.ask("PUT", f"/{fresh_index}/_doc/1?refresh=true", {"n": 3})
    script = {"source": "doc['n'].value * params.by", "params": {"by": 2}}
    query = {"script_score": {"query": {"match_all": {}}, "script": script}}
    assert node.ask("POST", f"/{fresh_index}/_search", {"query": query})["hits"]["max_score"] == 6.0


def test_vectors_are_scored_by_inner_product(node: Server, fresh_index: str) -> None:
    method = {"name": "hnsw", "engine": "lucene"}
    field = {"type": "knn_vector", "dimension": 2, "space_type": "innerproduct", "method": method}
    settings = {"index.knn": True, "number_of_replicas": 0}
    node.ask("PUT", f"/{fresh_index}", {"settings": settings, "mappings": {"properties": {"v": field}}})
    for id, vector in (("a", [1.0, 0.0]), ("b", [0.0, 3.0]), ("c", [-3.0, 0.0])):
        node.ask("PUT", f"/{fresh_index}/_doc/{id}?refresh=true", {"v": vector})
    hits = node.ask("POST", f"/{fresh_index}/_search", {"query": {"knn": {"v": {"vector": [1, 1], "k": 3}}}})["hits"]
    # p ≥ 0 scores p + 1, p < 0 scores 1 / (1 − p), as k-NN's table of spaces says.
    assert [(hit["_id"], hit["_score"]) for hit in hits["hits"]] == [("b", 4.0), ("a", 2.0), ("c", 0.25)]


def test_a_fresh_index_was_deleted_after_the_test_before(node: Server) -> None:
    names = [row["index"] for row in node.ask("GET", "/_cat/indices/test-*?format=json")]
    if isinstance(node, Node):  # others may be at work on a server that is not ours
        assert names == []


def test_an_acknowledged_document_outlives_kill_9(start_node: Callable[..., Node], servers: Servers) -> None:
    node = start_node("2.19.1", settings={"thread_pool.write.queue_size": 7})
    url, pid = node.url, node.pid
    node.ask("PUT", "/kept/_doc/1", {"title": "written"})
    node.kill()
    with pytest.raises(urllib3.exceptions.HTTPError):
        node.ask("GET", "/")
    node.start()
    assert node.pid != pid
    assert (node.url, node.ask("GET", "/kept/_doc/1")["_source"]) == (url, {"title": "written"})
    assert node.ask("GET", "/_cat/thread_pool/write?format=json&h=queue_size") == [{"queue_size": "7"}]
    assert list(servers.deaths()) == [], "a kill that a test asked for is no death to report"


def test_a_node_that_dies_by_itself_is_reported_once_with_its_log(
    start_node: Callable[..., Node], servers: Servers
) -> None:
    node = start_node("2.19.1")
    assert node.pid is not None
    os.kill(node.pid, signal.SIGKILL)
    until = time.monotonic() + 60
    while not node.died and time.monotonic() < until:
        time.sleep(0.05)
    ((title, log),) = servers.deaths()
    assert title.startswith("OpenSearch 2.19.1 (node-")
    assert "started" in log
    assert list(servers.deaths()) == []


def test_a_suspended_node_hangs_until_it_is_resumed(node_219: Server) -> None:
    if not isinstance(node_219, Node):
        pytest.skip(f"a server of {RUNNING} may be at work for others")
    node_219.suspend()
    began = time.monotonic()
    try:
        with pytest.raises(urllib3.exceptions.TimeoutError):
            node_219.ask("GET", "/", timeout=0.5)
    finally:
        node_219.resume()
    assert time.monotonic() - began >= 0.5
    assert node_219.ask("GET", "/")["version"]["number"] == "2.19.1"


def test_ports_are_free_different_and_never_those_of_an_outgoing_connection() -> None:
    ports = free_ports(50)
    assert len(set(ports)) == 50
    assert max(ports) < 32768  # where Linux begins to give them out; others begin higher
    with socket.create_server(("127.0.0.1", ports[0])):
        pass


def test_a_node_that_cannot_start_shows_its_log(start_node: Callable[..., Node]) -> None:
    with pytest.raises(NodeFailed, match=r"(?s)ended while it started.*no\.such\.setting"):
        start_node("2.19.1", settings={"no.such.setting": 1})


def test_an_error_of_the_server_keeps_its_status(node: Server, fresh_index: str) -> None:
    with pytest.raises(Refusal, match="index_not_found_exception") as refusal:
        node.ask("GET", f"/{fresh_index}/_doc/1")
    assert refusal.value.status == 404
