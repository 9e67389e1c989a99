"""What a connection sends, whom it asks next, and what it says when no answer comes or a strange one."""

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import orjson
import pytest

from indexer.engines import drop_versions, open_ledger, open_reader, open_writer
from indexer.engines.location import Access, located
from indexer.engines.opensearch.connecting import connection
from indexer.engines.opensearch.connecting.address import parse
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.connection_errors import (
    ClusterTimeout,
    DiskFull,
    IndexBlocked,
    NotLetIn,
    NotOpenSearch,
    UnusableCertificate,
    UnusableSecret,
)
from indexer.engines.opensearch.errors import ClusterUnreachable, RequestRefused
from indexer.engines.opensearch.planning import capacity
from tests.indexer.engines.opensearch.web_server import saying, serving
from tests.opensearch.faults import until
from tests.opensearch.server import Server

NOBODY = Access()


@contextmanager
def connected(url: str, access: Access = NOBODY) -> Iterator[Cluster]:
    with closing(Cluster(parse(url), access)) as cluster:
        yield cluster


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_an_answer_is_decoded_and_a_body_of_bytes_goes_out_as_it_is() -> None:
    with serving(body=b'{"a": [1, "\xce\xb2"]}') as server, connected(server.url) as cluster:
        assert cluster.request("POST", "/_bulk", b'{"x":1}\n', doing="try") == {"a": [1, "β"]}
        cluster.request("PUT", "/i", {"β": [0.5]}, params={"timeout": "30s", "q": "a b"}, doing="try")
        assert [(method, path, body) for method, path, _, body in server.seen] == [
            ("POST", "/_bulk", b'{"x":1}\n'),
            ("PUT", "/i?timeout=30s&q=a+b", '{"β":[0.5]}'.encode()),
        ]


def test_a_path_before_the_index_stands_before_every_request() -> None:
    with serving() as server, connected(server.url.replace("/pubmed", "/search/v1/pubmed")) as cluster:
        cluster.request("GET", "/_cluster/health", doing="try")
        assert server.seen[0][1] == "/search/v1/_cluster/health"


def test_ipv6_hosts_are_asked() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this computer has no IPv6")
    with serving(host="::1") as server, connected(f"http://[::1]:{server.port}/pubmed") as cluster:
        cluster.request("GET", "/", doing="try")
        assert server.seen[0][2]["host"] == f"[::1]:{server.port}"


@pytest.mark.parametrize(
    ("access", "header"),
    [
        (NOBODY, None),
        (Access(user="ann", password="s€cret"), "Basic YW5uOnPigqxjcmV0"),  # `printf 'ann:s€cret' | base64`
        (Access(api_key="a2V5"), "ApiKey a2V5"),
    ],
)
def test_who_asks_is_said_in_a_header(access: Access, header: str | None) -> None:
    with serving() as server, connected(server.url, access) as cluster:
        cluster.request("GET", "/", doing="try")
        assert server.seen[0][2].get("authorization") == header


@pytest.mark.parametrize(
    "access", [Access(api_key="s3cret\r\nX: y"), Access(api_key="s3crét"), Access(user="a:b", password="s3cret")]
)
def test_a_secret_that_a_header_cannot_carry_is_refused_and_not_shown(access: Access) -> None:
    with pytest.raises(UnusableSecret) as refused:
        Cluster(parse("http://127.0.0.1:1/pubmed"), access)
    assert "s3cr" not in str(refused.value)


def test_nobody_answers_is_one_line_with_the_address() -> None:
    url = f"http://127.0.0.1:{unused_port()}/pubmed"
    with connected(url) as cluster, pytest.raises(ClusterUnreachable, match="Connection refused") as failed:
        cluster.request("GET", "/", doing="try")
    assert (url in str(failed.value), len(str(failed.value).splitlines())) == (True, 1)


def test_an_unknown_host_is_named_as_such() -> None:
    with (
        connected("http://no-such-host.invalid/pubmed") as cluster,
        pytest.raises(ClusterUnreachable, match="no host of that name is known"),
    ):
        cluster.request("GET", "/", doing="try")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "closed without an answer, as a port for https does"),
        (b"\x15\x03\x03\x00\x02\x02P", "closed without an answer, as a port for https does"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{", r"cut in the middle of an answer\)"),
    ],
)
def test_a_connection_that_breaks_before_its_answer_is_whole_is_no_answer(answer: bytes, why: str) -> None:
    with (
        saying(answer) as port,
        connected(f"http://127.0.0.1:{port}/pubmed") as cluster,
        pytest.raises(ClusterUnreachable, match=why),
    ):
        cluster.request("POST", "/_bulk", b"", doing="try")


@pytest.mark.slow
def test_a_node_that_takes_too_long_is_given_up_after_the_seconds_that_it_had() -> None:
    with serving(pause=30) as server, connected(server.url, Access(timeout=0.5)) as cluster:
        with pytest.raises(ClusterTimeout, match=r"given 0.5 s to count the stars.*--timeout"):
            cluster.request("GET", "/", doing="count the stars")
        with pytest.raises(ClusterTimeout, match=r"given 0.2 s"):
            cluster.request("GET", "/", doing="try", timeout=0.2)
        until(lambda: len(server.seen) >= 2)
        assert len(server.seen) == 2


def test_every_request_goes_to_a_host_that_answers() -> None:
    with serving() as server:
        hosts = f"127.0.0.1:{unused_port()},127.0.0.1:{server.port},127.0.0.1:{unused_port()}"
        with connected(f"http://{hosts}/pubmed") as cluster:
            for method, path in (("GET", "/"), ("POST", "/_bulk"), ("POST", "/i/_search"), ("PUT", "/i")) * 3:
                cluster.request(method, path, doing="try")
        assert len(server.seen) == 12


def test_what_reads_is_asked_again_elsewhere_but_what_writes_is_not_sent_twice() -> None:
    with saying(b"") as broken, serving() as server:
        with connected(f"http://127.0.0.1:{broken},127.0.0.1:{server.port}/pubmed") as cluster:
            assert cluster.request("POST", "/i/_search", {}, doing="try") == {}
        answers = []
        for _ in range(20):  # hosts are asked in an order by chance
            with connected(f"http://127.0.0.1:{broken},127.0.0.1:{server.port}/pubmed") as cluster:
                try:
                    answers.append(cluster.request("POST", "/_bulk", b"", doing="try"))
                except ClusterUnreachable:
                    answers.append(None)
        assert None in answers


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_read_that_one_node_cannot_answer_now_goes_to_another(status: int) -> None:
    with serving(status) as sick, serving(body=b'{"well": true}') as well:
        for _ in range(5):
            with connected(f"http://127.0.0.1:{sick.port},127.0.0.1:{well.port}/pubmed") as cluster:
                assert cluster.request("GET", "/", doing="try") == {"well": True}


def test_a_node_that_failed_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_PAUSE_OF_DEAD_NODES", 600)  # so that it is not over before all is asked
    with saying(b"") as broken, serving() as server:
        url = f"http://127.0.0.1:{broken},127.0.0.1:{server.port}/pubmed"
        with connected(url) as cluster:
            for _ in range(5):
                cluster.request("GET", "/", doing="try")
            for _ in range(20):
                cluster.request("POST", "/_bulk", b"", doing="try")


@pytest.mark.parametrize(
    ("status", "body", "media_type", "found"),
    [
        (200, b"<html><title>Our\n proxy</title>", "text/html; charset=utf-8", "text/html (200: 'Our proxy')"),
        (200, b"ok", "text/plain", "text/plain (200: 'ok')"),
        (404, b"<title>Not Found</title>", "text/html", "text/html (404: 'Not Found')"),
        (200, b"{", "application/json", "broken JSON"),
        (200, b"", "", "something without a media type (200)"),
    ],
)
def test_an_answer_that_is_not_of_opensearch_is_described(
    status: int, body: bytes, media_type: str, found: str
) -> None:
    with (
        serving(status, body, media_type) as server,
        connected(server.url) as cluster,
        pytest.raises(NotOpenSearch) as refused,
    ):
        cluster.request("GET", "/", doing="try", ignore=(404,))
    assert found in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_redirect_is_not_followed_and_its_query_not_shown() -> None:
    with serving() as elsewhere:
        to = {"location": f"{elsewhere.url}?token=s3cret"}
        with (
            serving(301, headers=to) as server,
            connected(server.url, Access(user="ann", password="s3cret")) as cluster,
            pytest.raises(NotOpenSearch, match=f"redirect to '{elsewhere.url}'") as refused,
        ):
            cluster.request("GET", "/", doing="try")
        assert elsewhere.seen == []
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(("status", "title"), [(413, "Request Entity Too Large"), (502, "Bad Gateway")])
def test_what_a_proxy_says_in_place_of_the_cluster_keeps_its_status(status: int, title: str) -> None:
    page = f"<html><head><title>{status} {title}</title></head></html>".encode()
    with (
        serving(status, page, "text/html") as server,
        connected(server.url) as cluster,
        pytest.raises(RequestRefused, match=title) as refused,
    ):
        cluster.request("POST", "/_bulk", b"", doing="try")
    assert refused.value.status == status


def test_who_was_not_let_in_is_named_without_the_password() -> None:
    with serving(401, b"Unauthorized", "text/plain") as server:
        with (
            connected(server.url, Access(user="ann", password="s3cret")) as cluster,
            pytest.raises(NotLetIn, match=r"does not accept user 'ann', asked to count \(401\). Check") as refused,
        ):
            cluster.request("GET", "/", doing="count")
        with connected(server.url) as cluster, pytest.raises(NotLetIn, match=r"asks who wants to count \(401\). Give"):
            cluster.request("GET", "/", doing="count")
    assert "s3cret" not in str(refused.value)


def test_an_expected_error_is_an_answer(node: Server, fresh_index: str) -> None:
    with connected(f"{node.url}/{fresh_index}") as cluster:
        answer = cluster.request("GET", f"/{fresh_index}", doing="look", ignore=(404,))
        assert answer["error"]["type"] == "index_not_found_exception"
        assert cluster.request("HEAD", f"/{fresh_index}", doing="look") is False
        with pytest.raises(RequestRefused, match=r"Could not look: .* removed meanwhile \(404, index_not") as refused:
            cluster.request("GET", f"/{fresh_index}", doing="look")
    assert (refused.value.status, refused.value.kind) == (404, "index_not_found_exception")


def test_the_innermost_reason_is_told(node: Server, fresh_index: str) -> None:
    with connected(f"{node.url}/{fresh_index}") as cluster:
        cluster.request("PUT", f"/{fresh_index}", {"mappings": {"properties": {"n": {"type": "byte"}}}}, doing="make")
        with pytest.raises(RequestRefused, match=r"failed to parse field \[n\].*: For input string: \\?\"a\\?\""):
            cluster.request("PUT", f"/{fresh_index}/_doc/1", {"n": "a"}, doing="write")


@pytest.mark.parametrize(
    ("setting", "error", "said"),
    [
        ("index.blocks.read_only", IndexBlocked, "is blocked and refused to write: index"),
        ("index.blocks.write", IndexBlocked, "then run the same command again"),
        ("index.blocks.read_only_allow_delete", DiskFull, "Free or add disk"),
    ],
)
def test_a_read_only_index_is_one_clear_line(
    node: Server, fresh_index: str, setting: str, error: type[IndexBlocked], said: str
) -> None:
    node.ask("PUT", f"/{fresh_index}", {"settings": {setting: True}})
    try:
        with connected(f"{node.url}/{fresh_index}") as cluster, pytest.raises(error, match=said) as refused:
            cluster.request("PUT", f"/{fresh_index}/_doc/1", {"a": 1}, doing="write")
        assert len(str(refused.value).splitlines()) == 1
        assert type(refused.value) is error
        item = orjson.loads(orjson.dumps(_bulk_error(node, fresh_index)))
        assert type(cluster.refused(item["status"], item["error"], doing="write")) is error
    finally:
        node.ask("PUT", f"/{fresh_index}/_settings", {setting: None})


def _bulk_error(node: Server, index: str) -> dict[str, object]:
    lines = b'{"index":{"_index":"%b","_id":"1"}}\n{"a":1}\n' % index.encode()
    item: dict[str, object] = node.ask("POST", "/_bulk", lines)["items"][0]["index"]
    return item


def test_threads_share_a_connection(node: Server) -> None:
    found: list[str] = []
    with connected(f"{node.url}/pubmed") as cluster:

        def ask() -> None:
            found.extend(cluster.request("GET", "/", doing="ask")["version"]["number"] for _ in range(20))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [node.version] * 160


def test_no_secret_is_logged_or_shown_whatever_happens(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = (Access(user="ann", password="s3cret"), Access(api_key="czNjcmV0"))
    shown = []
    for access in secrets:
        with serving(500, b"no", "text/plain") as server, connected(server.url, access) as cluster:
            with pytest.raises(RequestRefused) as refused:
                cluster.request("POST", "/_bulk", b'{"password":"s3cret"}', doing="try")
            shown += [repr(cluster), repr(access), str(refused.value), repr(refused.value)]
        with connected(f"http://127.0.0.1:{unused_port()}/pubmed", access) as cluster:
            with pytest.raises(ClusterUnreachable) as failed:
                cluster.request("GET", "/", doing="try")
            shown += [str(failed.value), repr(failed.value.__cause__)]
    for text in (*shown, caplog.text):
        assert [secret for secret in ("s3cret", "czNjcmV0", "YW5uOnMzY3JldA") if secret in text] == []


@pytest.mark.parametrize("content", [None, b"", b"no PEM"])
def test_a_bundle_of_authorities_that_is_none_is_named(tmp_path: Path, content: bytes | None) -> None:
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_bytes(content)
    with pytest.raises(UnusableCertificate, match=r"ca\.pem' cannot be used to connect: .*PEM files"):
        Cluster(parse("https://127.0.0.1:1/pubmed"), Access(ca=bundle))


@pytest.mark.parametrize(
    ("location", "access", "warned"),
    [
        ("http://search.example:9200/pubmed", Access(user="ann", password="s3cret"), True),
        ("http://127.0.0.1:9200,search.example:9200/pubmed", Access(api_key="s3cret"), True),
        ("https://search.example:9200/pubmed", Access(user="ann", password="s3cret"), False),
        ("http://localhost:9200/pubmed", Access(user="ann", password="s3cret"), False),
        ("http://search.example:9200/pubmed", Access(), False),
    ],
)
def test_secrets_that_would_cross_the_network_in_the_clear_are_warned_of(
    location: str, access: Access, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    Cluster(parse(location), access).close()
    assert ["over http" in record.message for record in caplog.records] == [True] * warned
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(
    "answer", [b"[]", b"null", b"5", b"true", b'"yes"', b'{"version":5}', b'{"a":{"aliases":{}}}', b'{"a":[]}']
)
@pytest.mark.parametrize(
    "ask",
    [
        open_reader,
        open_ledger,
        lambda url: open_writer(url, space=None),
        lambda url: drop_versions(url, ["pubmed-v1"]),
        lambda url: capacity.at(located(url)),
    ],
    ids=["read", "ledger", "write", "drop", "plan"],
)
def test_json_of_something_else_is_not_opensearch(answer: bytes, ask: Callable[[str], object]) -> None:
    with serving(body=answer) as server, pytest.raises(NotOpenSearch, match="Check the URL"):
        ask(server.url)


@pytest.mark.parametrize("before", ["https://ann:s3cr3t", "//ann:s3cr3t", "https://" + "s3cr3t" * 50])
def test_where_a_redirect_leads_is_shown_without_its_user_and_password(before: str) -> None:
    leads = {"location": f"{before}@login.example/pubmed?token=s3cr3t"}
    with (
        serving(302, headers=leads) as server,
        connected(server.url) as cluster,
        pytest.raises(NotOpenSearch, match=r"a redirect to '(https:)?//…@login.example/pubmed'") as refused,
    ):
        cluster.request("GET", "/", doing="try")
    assert "s3cr3t" not in str(refused.value)
