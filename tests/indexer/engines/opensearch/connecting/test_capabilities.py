"""What a cluster says that it can do, and who is refused for it."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import orjson
import pytest

from indexer.engines.location import Access
from indexer.engines.opensearch.connecting.address import parse
from indexer.engines.opensearch.connecting.capabilities import Capabilities, capabilities, require
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.connection_errors import MissingPlugin, NotOpenSearch, OldServer
from tests.indexer.engines.opensearch.web_server import serving
from tests.opensearch.server import Server

KNN, NEURAL = {"name": "opensearch-knn"}, {"name": "opensearch-neural-search"}


def of(url: str, *, vectors: bool = False) -> Capabilities:
    with closing(Cluster(parse(url), Access())) as cluster:
        return require(cluster, vectors=vectors)


def said(
    number: str, *nodes: Mapping[str, Any], distribution: str | None = "opensearch", lucene: str = "9.12.1"
) -> bytes:
    """An answer that is one to both questions, with the parts of real ones that are read."""
    version = {"number": number, "lucene_version": lucene}
    if distribution is not None:
        version["distribution"] = distribution
    return orjson.dumps({"version": version, "nodes": {str(n): node for n, node in enumerate(nodes)}})


def test_a_real_server_tells_its_version_plugins_and_nodes(node: Server) -> None:
    found = of(f"{node.url}/pubmed", vectors=True)
    assert (found.distribution, found.release) == ("opensearch", node.version)
    assert found.version == tuple(map(int, node.version.split(".")))
    assert (found.has_knn, found.has_neural_search, found.data_nodes) == (True, True, 1)


def test_a_plugin_counts_when_every_data_node_has_it() -> None:
    nodes: list[Mapping[str, Any]] = [
        {"roles": ["cluster_manager"], "plugins": []},
        {"roles": ["data_hot"], "plugins": [KNN, NEURAL]},
        {"roles": ["data", "ingest"], "plugins": [KNN]},
    ]
    with serving(body=said("3.6.0", *nodes)) as server:
        found = of(server.url, vectors=True)
    assert (found.has_knn, found.has_neural_search, found.data_nodes) == (True, False, 2)


def test_without_the_plugin_only_an_index_without_vectors_can_be() -> None:
    with serving(body=said("2.19.1", {"roles": ["data"], "plugins": []})) as server:
        assert of(server.url).has_knn is False
        with pytest.raises(MissingPlugin, match=r"no plugin 'opensearch-knn' .*--model none"):
            of(server.url, vectors=True)


@pytest.mark.parametrize(("number", "is_refused"), [("1.3.20", True), ("2.12.0", True), ("2.13.0", False)])
def test_versions_before_2_13_are_refused(number: str, is_refused: bool) -> None:
    with serving(body=said(number, {"roles": ["data"], "plugins": [KNN]})) as server:
        if not is_refused:
            assert of(server.url).release == number
            return
        with pytest.raises(OldServer, match=rf"runs OpenSearch {number}; 2\.13 is the oldest .*2\.19 and 3\.x"):
            of(server.url)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (said("8.15.0", distribution=None), "Elasticsearch 8.15.0"),
        (said("7.10.2", distribution=None, lucene="8.7.0"), "Elasticsearch 7.10.2"),
        (said("3.0", distribution="other"), "other 3.0"),
        (said("new", distribution="opensearch"), "opensearch new"),
        (b'{"hello": "world"}', "something that tells no version"),
        (b"[1]", "JSON that is no object .*"),
    ],
)
def test_another_product_is_named(body: bytes, found: str) -> None:
    with serving(body=body) as server, pytest.raises(NotOpenSearch, match=f"answers {found}, which is not OpenSearch"):
        of(server.url)


def test_a_server_that_hides_its_nodes_is_taken_to_have_what_is_needed() -> None:
    class Hiding(Cluster):
        def request(self, method: str, path: str, *arguments: Any, **options: Any) -> Any:
            if path.startswith("/_nodes"):
                raise self.refused(403, {"type": "security_exception", "reason": "no"}, doing="look")
            return super().request(method, path, *arguments, **options)

    with serving(body=said("2.19.1")) as server, closing(Hiding(parse(server.url), Access())) as cluster:
        found = capabilities(cluster)
        assert (found.has_knn, found.has_neural_search, found.data_nodes) == (None, None, None)
        assert require(cluster, vectors=True) == found
