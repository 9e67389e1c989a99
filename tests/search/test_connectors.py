"""Connectors to our model server on a real 3.6.0 with ml-commons: made, proved, changed and removed, and only ours."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import urllib3

from indexer.article import Article
from indexer.engines.location import Location
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connectors import registry, settings
from indexer.engines.opensearch.connectors.bodies import ROLES, ModelServer, name_of
from indexer.engines.opensearch.connectors.checking import check
from indexer.engines.opensearch.connectors.errors import (
    BadPrediction,
    ForeignConnector,
    KeyRefused,
    NoMachineLearning,
    NotInstalled,
    UnusableServer,
)
from indexer.engines.opensearch.connectors.installing import install, remove
from search.indexing import LoadOptions, open_load
from tests.onnx_models import checkpoints
from tests.opensearch.server import Server
from tests.search.cli.in_process import Command, biocpt
from tests.search.service.serving import in_thread

__all__ = ["biocpt"]

TRUSTED = "plugins.ml_commons.trusted_connector_endpoints_regex"
ML = "/_plugins/_ml"


def named(node: Server, what: str, name: str) -> list[Any]:
    found = node.ask("POST", f"{ML}/{what}s/_search", {"query": {"term": {"name.keyword": name}}})
    hits: list[Any] = found["hits"]["hits"]
    return hits


def trusted(node: Server) -> list[str]:
    said = node.ask("GET", "/_cluster/settings?flat_settings=true")
    found: list[str] = said["persistent"].get(TRUSTED, [])
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    checkpoints.install(home, "minilm")
    return home


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    with in_thread(home, "minilm") as served:
        host, port = served.address
        yield f"http://{host}:{port}"


@pytest.fixture
def server(ml_node: Server, url: str) -> Iterator[ModelServer]:
    """A model server that the node knows nothing of yet, and does no more afterwards."""
    served = ModelServer(url=url, model_set="minilm")
    yield served
    remove(Location(f"{ml_node.url}/any"), served)


@pytest.mark.slow
def test_what_is_installed_twice_is_there_once_and_answers(ml_node: Server, server: ModelServer) -> None:
    location = Location(f"{ml_node.url}/any")
    with pytest.raises(NotInstalled, match="biocpt connector install"):
        check(location, server, None)
    first, again = install(location, server), install(location, server)
    assert [model.outcome for model in first.models] == ["installed"] * len(ROLES)
    assert [model.outcome for model in again.models] == ["unchanged"] * len(ROLES)
    assert [model.id for model in first.models] == [model.id for model in again.models]
    assert (first.why_not_set, again.settings) == ("", {})
    for role in ROLES:
        assert len(named(ml_node, "connector", name_of("minilm", role))) == 1
    proofs = {proof.name: proof.said for proof in check(location, server, 32)}
    assert proofs[name_of("minilm", "query")] == "a vector of 32 numbers"
    assert proofs[name_of("minilm", "rerank")].startswith("scores ")
    with pytest.raises(BadPrediction, match="have 32 numbers, and the index's 768"):
        check(location, server, 768)


@pytest.mark.slow
def test_removing_takes_what_is_ours_and_leaves_what_others_trust(ml_node: Server, server: ModelServer) -> None:
    location, theirs = Location(f"{ml_node.url}/any"), r"^https://models\.example/.*$"
    ml_node.ask("PUT", "/_cluster/settings", {"persistent": {TRUSTED: [theirs]}})
    try:
        install(location, server)
        assert trusted(ml_node) == [theirs, settings.pattern_of(server.url)]
        assert len(remove(location, server)) == len(ROLES)
        assert trusted(ml_node) == [theirs]
    finally:
        ml_node.ask("PUT", "/_cluster/settings", {"persistent": {TRUSTED: None}})
    for role in ROLES:
        assert named(ml_node, "connector", name_of("minilm", role)) == []
        assert named(ml_node, "model", name_of("minilm", role)) == []
    assert remove(location, server) == ()


@pytest.mark.slow
def test_a_server_that_moved_is_followed_and_models_keep_their_ids(
    ml_node: Server, home: Path, server: ModelServer
) -> None:
    location = Location(f"{ml_node.url}/any")
    before = install(location, server)
    with in_thread(home, "minilm", keys=["of-this-server"]) as served:
        host, port = served.address
        moved = ModelServer(url=f"http://{host}:{port}", model_set="minilm", key="another")
        after = install(location, moved)
        assert [model.outcome for model in after.models] == ["changed"] * len(ROLES)
        assert [model.id for model in after.models] == [model.id for model in before.models]
        with pytest.raises(KeyRefused, match="BIOCPT_SERVE_KEY"):
            check(location, moved, None)
        right = ModelServer(url=moved.url, model_set="minilm", key="of-this-server")
        install(location, right, force=True)
        assert len(check(location, right, 32)) == len(ROLES)
        settings_of = named(ml_node, "connector", name_of("minilm", "query"))[0]["_source"]
        assert "of-this-server" not in str(settings_of)


@contextmanager
def without_rights(node: Server) -> Iterator[str]:
    """The node as one sees it who may not change its settings: as the security plugin answers."""
    words = "no permissions for [cluster:admin/settings/update] and User [name=ann, backend_roles=[]]"
    error = {"type": "security_exception", "reason": words}
    refusal = json.dumps({"error": {"root_cause": [error], **error}, "status": 403}).encode()
    pool = urllib3.PoolManager()

    class Gate(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            status, answer = 403, refusal
            if (self.command, self.path) != ("PUT", "/_cluster/settings"):
                headers = {"content-type": "application/json"}
                passed = pool.request(self.command, node.url + self.path, body=body, headers=headers)
                status, answer = passed.status, passed.data
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - names that the library looks for

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Gate) as gate:
        gate.daemon_threads = True
        thread = threading.Thread(target=gate.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{gate.server_address[1]}"
        finally:
            gate.shutdown()
            thread.join()
            pool.clear()


@pytest.mark.slow
def test_settings_that_one_may_not_set_are_printed_for_who_may(
    biocpt: Command, ml_node: Server, server: ModelServer
) -> None:
    with without_rights(ml_node) as url:
        asked = ("connector", "install", "--index", f"{url}/any", "--model", "minilm", "--server", server.url)
        refused = biocpt(*asked)
        assert refused.code == 1
        assert "lacks the right 'cluster:admin/settings/update'" in refused.err
        first, _, body = refused.out.partition("\n")
        assert first == "PUT /_cluster/settings"
        assert named(ml_node, "connector", name_of("minilm", "query")) == []
        ml_node.ask("PUT", "/_cluster/settings", json.loads(body))
        assert biocpt(*asked).code == 0
        assert "biocpt-minilm-query: a vector" in biocpt("connector", "check", *asked[2:]).out


@pytest.mark.slow
def test_a_connector_of_somebody_else_is_left_untouched(ml_node: Server, server: ModelServer) -> None:
    name = name_of("minilm", "rerank")
    action = {"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1/x", "request_body": "{}"}
    body = {"name": name, "description": "of somebody else", "version": 1, "protocol": "http", "actions": [action]}
    made = ml_node.ask("POST", f"{ML}/connectors/_create", {**body, "credential": {"key": "x"}})["connector_id"]
    try:
        for step in (install, remove):
            with pytest.raises(ForeignConnector, match=f"'{name}'.*left untouched"):
                step(Location(f"{ml_node.url}/any"), server)
        assert named(ml_node, "connector", name)[0]["_source"]["description"] == "of somebody else"
    finally:
        ml_node.ask("DELETE", f"{ML}/connectors/{made}")


@pytest.mark.slow
def test_a_cluster_without_ml_commons_is_said_to_be_that(node_36: Server) -> None:
    with pytest.raises(NoMachineLearning, match="opensearch-ml"):
        install(Location(f"{node_36.url}/any"), ModelServer(url="http://127.0.0.1:1", model_set="minilm"))


@pytest.mark.slow
def test_the_commands_install_check_and_remove(
    biocpt: Command, ml_node: Server, home: Path, url: str, fresh_index: str
) -> None:
    location = f"{ml_node.url}/{fresh_index}"
    writer, encoder = open_load(location, LoadOptions(home=home, model="minilm"))
    assert encoder is not None
    with closing(writer):
        article = Article(id="1", order=1, title="Statins")
        writer.write([article], {"1": encoder.encode([article.passage])[0]})
        writer.commit()
        writer.publish()
    on = ("--index", location, "--server", url)
    told = biocpt("connector", "install", *on)
    assert told.code == 0
    assert "biocpt-minilm-query: installed (" in told.out
    assert "biocpt-minilm-rerank: scores " in biocpt("connector", "check", *on).out
    assert set(biocpt("connector", "check", *on, "--json").json["answers"]) == {name_of("minilm", r) for r in ROLES}
    emitted = biocpt("pipeline", "install", "rewrite", "--index", location, "--emit").out
    assert biocpt("connector", "install", *on, "--json").json["models"]["biocpt-minilm-rewrite"]["id"] in emitted
    assert biocpt("pipeline", "install", "rewrite", "--index", location).code == 0
    assert biocpt("pipeline", "remove", "--index", location).out == f"Removed: {fresh_index}-rewrite.\n"
    assert biocpt("connector", "remove", *on).out.startswith("Removed: biocpt-minilm-query, ")
    assert biocpt("connector", "remove", *on).out == "There was nothing to remove.\n"


UNUSABLE = [
    "models:8808",
    "ftp://models/",
    "http://",
    "http://ann@models",
    "http://m/?x=1",
    "http://m/?",
    "http://[::1",
    "http://m:port",
    "http://m:99999",
    "http://m/ x",
    "http://m\n/",
    "http://m/${parameters.model}",
    'http://m/"',
    "http://m/\u2028",
]


@pytest.mark.parametrize("bad", UNUSABLE)
def test_a_server_that_cannot_be_one_is_refused(biocpt: Command, bad: str) -> None:
    with pytest.raises(UnusableServer):
        settings.checked(bad)
    answer = biocpt(
        "connector", "install", "--index", "http://127.0.0.1:1/pubmed", "--model", "minilm", "--server", bad
    )
    assert (answer.code, len(answer.err.splitlines())) == (1, 1)


def test_a_password_in_a_servers_url_is_not_repeated(biocpt: Command) -> None:
    asked = ("connector", "install", "--index", "http://127.0.0.1:1/pubmed", "--model", "minilm")
    answer = biocpt(*asked, "--server", "http://ann:s3cret@models")
    assert answer.code == 1
    assert "s3cret" not in answer.err


def test_a_folder_asks_no_server(biocpt: Command, tmp_path: Path) -> None:
    answer = biocpt("connector", "check", "--index", tmp_path)
    assert answer.code == 1
    assert "is a folder" in answer.err


@pytest.mark.parametrize("url", ["http://127.0.0.1:8808", "https://models.example/a+b(c)", "http://[::1]:8808"])
def test_the_pattern_that_is_trusted_is_of_that_address_alone(url: str) -> None:
    pattern = settings.pattern_of(url)
    assert re.search(pattern, f"{url}/v1/embeddings")
    for other in (f"{url}.evil.example/", f"http://evil/{url}/", re.sub(r"[.+:]", "x", url) + "/"):
        assert not re.search(pattern, other)


@pytest.mark.parametrize(
    ("pattern", "is_enough"),
    [
        (r"^https://models\.example/.*$", True),
        (r"https://.*/(v1|opensearch)/[a-z]{1,12}", True),
        (r"^https://models\.example/", False),
        (r"^https://models\.example/v1/.*$", False),
        (r"^https://models\.example/\p{Alpha}.*$", False),
        (r"^https://models\.example/[[a-z]&&[^b]].*$", False),
    ],
)
def test_what_others_trust_is_enough_where_it_is_the_whole_of_each_address(pattern: str, is_enough: bool) -> None:
    """As Java's `matches` has it; of what Python cannot read, nothing is assumed."""
    assert settings.is_trusted("https://models.example", [pattern]) == is_enough


@pytest.mark.parametrize(
    ("url", "is_private"),
    [
        ("http://localhost:8808", True),
        ("http://[::1]:8808", True),
        ("http://172.18.0.2", True),
        ("https://[fd00::1]/x", True),
        ("https://8.8.8.8", False),
    ],
)
def test_private_addresses_are_known(url: str, is_private: bool) -> None:
    assert settings.is_private(url) == is_private


@pytest.mark.slow
def test_settings_go_where_they_count(ml_node: Server, server: ModelServer) -> None:
    """A transient setting stands before a persistent one: written below it, ours would be passed over."""
    theirs = r"^https://models\.example/\p{Alpha}{1,9}/.*$"
    ml_node.ask("PUT", "/_cluster/settings", {"transient": {TRUSTED: [theirs]}, "persistent": {TRUSTED: None}})
    try:
        assert install(Location(f"{ml_node.url}/any"), server).models
        said = ml_node.ask("GET", "/_cluster/settings?flat_settings=true")
        assert said["transient"][TRUSTED] == [theirs, settings.pattern_of(server.url)]
        assert TRUSTED not in said["persistent"]
        remove(Location(f"{ml_node.url}/any"), server)
        assert ml_node.ask("GET", "/_cluster/settings?flat_settings=true")["transient"][TRUSTED] == [theirs]
    finally:
        ml_node.ask("PUT", "/_cluster/settings", {"transient": {TRUSTED: None}, "persistent": {TRUSTED: None}})


@pytest.mark.slow
def test_what_two_installs_at_once_made_twice_is_removed_whole(ml_node: Server, server: ModelServer) -> None:
    location, name = Location(f"{ml_node.url}/any"), name_of("minilm", "query")
    install(location, server)
    with closing(Cluster(address.parse(location.name), location.access)) as cluster:
        old = named(ml_node, "connector", name)[0]["_id"]
        registry.make_model(cluster, server, "query", registry.make_connector(cluster, server, "query"))
        registry.make_model(cluster, server, "query", old)
    install(location, server)
    assert len(check(location, server, 32)) == len(ROLES)
    remove(location, server)
    assert named(ml_node, "connector", name) == []
    assert named(ml_node, "model", name) == []
