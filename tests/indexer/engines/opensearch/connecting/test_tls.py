"""Encrypted connections: whom we trust, whom a server trusts, and one clear line where either fails."""

import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from indexer.engines.location import Access
from indexer.engines.opensearch.connecting.address import parse
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.connection_errors import (
    CertificateRefused,
    UntrustedCertificate,
    UnusableCertificate,
    WrongScheme,
)
from indexer.engines.opensearch.errors import ClusterUnreachable
from tests.indexer.engines.opensearch.web_server import serving
from tests.opensearch.certificates import Authority, Certificate
from tests.opensearch.fixtures import tools_or_skip


class Party(NamedTuple):
    """An authority with a certificate that it gave this computer, and one that it gave somebody."""

    authority: Authority
    server: Certificate
    client: Certificate


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Party:
    with tools_or_skip({}):
        authority = Authority(tmp_path_factory.mktemp("ours"))
        hosts = ("DNS:localhost", "IP:127.0.0.1")
        return Party(authority, authority.issue("server", hosts=hosts), authority.issue("client"))


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    with tools_or_skip({}):
        return Authority(tmp_path_factory.mktemp("strangers"))


@contextmanager
def https(
    shown: Certificate, *, trusts: Path | None = None, newest: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED
) -> Iterator[str]:
    """The URL of a server that shows a certificate, and wants one that an authority in `trusts` signed."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"well": true}')

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    class Server(HTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """The client did not trust us."""

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*shown)
    if trusts is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.maximum_version = newest
        context.load_verify_locations(trusts)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}/pubmed"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=True)


def asked(url: str, access: Access) -> object:
    with closing(Cluster(parse(url), access)) as cluster:
        return cluster.request("GET", "/", doing="try")


def test_a_server_whose_authority_is_trusted_is_asked(ours: Party) -> None:
    with https(ours.server) as url:
        assert asked(url, Access(ca=ours.authority.ca)) == {"well": True}
        assert asked(url.replace("127.0.0.1", "localhost"), Access(ca=ours.authority.ca)) == {"well": True}


@pytest.mark.parametrize("with_bundle", [False, True])
def test_a_server_of_another_authority_is_not_trusted(ours: Party, strangers: Authority, with_bundle: bool) -> None:
    access = Access(ca=strangers.ca) if with_bundle else Access()
    with https(ours.server) as url, pytest.raises(UntrustedCertificate, match=r"no authority .*--ca-cert") as refused:
        asked(url, access)
    assert len(str(refused.value).splitlines()) == 1


def test_a_certificate_for_another_host_is_not_trusted(ours: Party) -> None:
    elsewhere = ours.authority.issue("elsewhere", hosts=("DNS:search.example",))
    with https(elsewhere) as url:
        with pytest.raises(UntrustedCertificate, match=r"it is for another host \(.*127\.0\.0\.1"):
            asked(url, Access(ca=ours.authority.ca))
        with pytest.raises(UntrustedCertificate, match=r"it is for another host \(.*localhost"):
            asked(url.replace("127.0.0.1", "localhost"), Access(ca=ours.authority.ca))


def test_a_certificate_that_has_expired_is_not_trusted(tmp_path: Path, ours: Party) -> None:
    old = Certificate(tmp_path / "old.pem", tmp_path / "old-key.pem")
    request, names = tmp_path / "old.csr", tmp_path / "old.ext"
    names.write_text("subjectAltName=IP:127.0.0.1", encoding="utf-8")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=old", "-keyout", old.key, "-out", request)
    signing = ("x509", "-req", "-in", request, "-signkey", old.key, "-extfile", names)
    openssl(*signing, "-days", "-1", "-out", old.certificate)
    with https(old) as url, pytest.raises(UntrustedCertificate, match="it has expired"):
        asked(url, Access(ca=old.certificate))


def test_http_and_https_are_told_apart(ours: Party) -> None:
    with serving() as server, pytest.raises(WrongScheme, match=r"speaks http\. Begin the URL with http://"):
        asked(server.url.replace("http:", "https:"), Access())
    with https(ours.server) as url, pytest.raises(ClusterUnreachable, match="as a port for https does"):
        asked(url.replace("https:", "http:"), Access())


def test_a_client_certificate_is_shown_where_one_is_wanted(ours: Party) -> None:
    certificate, key = ours.client
    with https(ours.server, trusts=ours.authority.ca) as url:
        access = Access(ca=ours.authority.ca, certificate=certificate, key=key)
        assert asked(url, access) == {"well": True}
        both = certificate.with_name("both.pem")
        both.write_bytes(certificate.read_bytes() + key.read_bytes())
        assert asked(url, Access(ca=ours.authority.ca, certificate=both)) == {"well": True}


def test_a_missing_or_strange_client_certificate_is_said_to_be_wanted(ours: Party, strangers: Authority) -> None:
    certificate, key = strangers.issue("client")
    strange = Access(ca=ours.authority.ca, certificate=certificate, key=key)
    with https(ours.server, trusts=ours.authority.ca, newest=ssl.TLSVersion.TLSv1_2) as url:
        for access in (Access(ca=ours.authority.ca), strange):
            with pytest.raises(CertificateRefused, match=r"wants a client certificate .*--client-cert"):
                asked(url, access)


def test_with_tls_1_3_the_want_of_a_certificate_may_show_as_a_cut_and_the_hint_stays(ours: Party) -> None:
    with (
        https(ours.server, trusts=ours.authority.ca) as url,
        pytest.raises((CertificateRefused, ClusterUnreachable), match=r"--client-cert|reset|closed|Broken pipe"),
    ):
        asked(url, Access(ca=ours.authority.ca))


def test_files_that_do_not_serve_are_named(ours: Party, tmp_path: Path) -> None:
    certificate, key = ours.client
    locked = tmp_path / "locked.pem"
    openssl("rsa", "-aes128", "-passout", "pass:s3cret", "-in", key, "-out", locked)
    for access, said in (
        (Access(certificate=certificate, key=ours.server.key), r"client\.pem'.*do not belong together"),
        (Access(certificate=certificate, key=tmp_path / "none"), r"none' cannot be used.*No such file"),
        (Access(certificate=tmp_path / "none"), r"none' cannot be used.*No such file"),
        (Access(certificate=certificate), r"client\.pem'.*not the PEM file"),
        (Access(certificate=certificate, key=locked), r"locked\.pem'.*asks for a passphrase"),
    ):
        with pytest.raises(UnusableCertificate, match=said):
            Cluster(parse("https://127.0.0.1:1/pubmed"), access)
