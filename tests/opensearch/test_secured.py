"""The secured node asks for TLS and a name, and lets each user do what their roles allow and no more."""

from dataclasses import replace

import pytest
import urllib3

from tests.opensearch.secured import ADMIN, PASSWORD, SecuredNode
from tests.opensearch.server import Identity, Refusal

pytestmark = pytest.mark.slow

CLUSTER = ["cluster_composite_ops", "cluster_monitor"]


def refused(node: SecuredNode, method: str, path: str, body: object = None, *, identity: Identity) -> Refusal:
    with pytest.raises(Refusal) as refusal:
        node.ask(method, path, body, identity=identity)
    return refusal.value


def test_a_role_allows_what_it_lists_and_the_refusal_names_the_missing_right(
    secured_node: SecuredNode, fresh_index: str
) -> None:
    secured_node.put_role("loader", indices={f"{fresh_index}*": ["indices_all"]}, cluster=CLUSTER)
    loader = secured_node.put_user("loader", roles=["loader"])
    secured_node.ask("PUT", f"/{fresh_index}-1/_doc/1", {"n": 1}, identity=loader)
    elsewhere = refused(secured_node, "PUT", f"/other-{fresh_index}", identity=loader)
    assert elsewhere.status == 403
    assert "no permissions for [indices:admin/create] and User [name=loader" in elsewhere.body


def test_a_right_taken_away_is_gone_at_once(secured_node: SecuredNode, fresh_index: str) -> None:
    secured_node.put_role("passing", indices={f"{fresh_index}*": ["indices_all"]}, cluster=CLUSTER)
    user = secured_node.put_user("passing", roles=["passing"])
    secured_node.ask("PUT", f"/{fresh_index}/_doc/1", {"n": 1}, identity=user)
    secured_node.put_role("passing", indices={f"{fresh_index}*": ["read"]}, cluster=CLUSTER)
    body = refused(secured_node, "PUT", f"/{fresh_index}/_doc/2", {"n": 2}, identity=user).body
    assert "indices:data/write" in body


def test_a_user_without_rights_may_nothing(secured_node: SecuredNode) -> None:
    stranger = secured_node.put_user("stranger")
    assert refused(secured_node, "GET", "/_cat/indices", identity=stranger).status == 403


def test_a_wrong_password_is_not_let_in(secured_node: SecuredNode) -> None:
    admin = Identity(user=ADMIN, password=PASSWORD, ca=secured_node.authority.ca)
    assert secured_node.ask("GET", "/", identity=admin)["version"]["number"] == secured_node.version
    assert refused(secured_node, "GET", "/", identity=replace(admin, password="guess")).status == 401


def test_a_client_certificate_is_a_name_without_a_password(secured_node: SecuredNode) -> None:
    secured_node.put_role("certified", cluster=CLUSTER)
    carol = secured_node.certified("carol", roles=["certified"])
    said = secured_node.ask("GET", "/_plugins/_security/authinfo", identity=carol)
    assert (said["user_name"], said["roles"]) == ("carol", ["certified"])


def test_a_client_that_trusts_other_authorities_does_not_connect(secured_node: SecuredNode) -> None:
    with pytest.raises(urllib3.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        secured_node.ask("GET", "/", identity=Identity(certificate=None))
