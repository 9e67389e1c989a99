"""Requests signed for AWS: the signature is what AWS's own description of version 4 makes of the request."""

import hashlib
import hmac
import sys
from contextlib import closing
from pathlib import Path

import pytest

from indexer.engines.location import Access
from indexer.engines.opensearch.connecting.address import parse
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.connection_errors import NotSigned
from tests.indexer.engines.opensearch.web_server import serving

KEY, SECRET = "AKIDEXAMPLE", "not/a/real+secret"
ASKED = Access(aws_region="eu-west-1")


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("boto3", reason="boto3 is not installed: pip install 'biocpt-search[aws]'")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-token")


def signature(method: str, path: str, query: str, headers: dict[str, str], body: bytes, service: str) -> str:
    """By hand, after "Create a signed AWS API request" in the IAM User Guide."""
    fields = dict(part.split("=", 1) for part in headers["authorization"].split(" ", 1)[1].split(", "))
    _, day, region, scope_service, end = fields["Credential"].split("/")
    assert (region, scope_service, end) == ("eu-west-1", service, "aws4_request")
    signed = fields["SignedHeaders"]
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in signed.split(";"))
    canonical = "\n".join([method, path, query, lines, signed, hashlib.sha256(body).hexdigest()])
    scope = f"{day}/{region}/{service}/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashed])
    key = f"AWS4{SECRET}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    assert fields["Signature"] == hmac.digest(key, text.encode(), "sha256").hex()
    return signed


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize("service", ["es", "aoss"])
def test_every_request_is_signed_with_its_body_and_query(service: str) -> None:
    access = Access(aws_region="eu-west-1", aws_service=service)
    with serving() as server, closing(Cluster(parse(server.url), access)) as cluster:
        cluster.request("POST", "/pubmed-v1/_bulk", b'{"n":"\xce\xb2"}\n', doing="try", params={"timeout": "30s"})
        cluster.request("GET", "/", doing="try")
        (_, _, first, body), (_, _, second, _) = server.seen
    names = signature("POST", "/pubmed-v1/_bulk", "timeout=30s", first, body, service)
    assert {"host", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"} <= set(names.split(";"))
    signature("GET", "/", "", second, b"", service)


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(NotSigned, match=r"pip install 'biocpt-search\[aws\]'"):
        Cluster(parse("https://search.example/pubmed"), ASKED)


@pytest.mark.usefixtures("credentials")
def test_without_credentials_it_says_how_to_have_some(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(NotSigned, match="finds no credentials; run `aws configure`"):
        Cluster(parse("https://search.example/pubmed"), ASKED)
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    with pytest.raises(NotSigned, match="no-such-profile"):
        Cluster(parse("https://search.example/pubmed"), ASKED)
