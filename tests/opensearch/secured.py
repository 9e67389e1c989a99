"""A node with TLS and users: roles and users are given to it by the tests while it runs."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.opensearch.certificates import Authority, distinguished_name
from tests.opensearch.node import Node
from tests.opensearch.recipe import Distribution
from tests.opensearch.server import Identity

VERSION = "2.19.1"
"""The line whose security plugin resolves from Maven Central."""

ADMIN = "admin"
"""The holder of the certificate that may do everything, and a user who may: role `all_access`."""

PASSWORD = "Carry-7-lamps-uphill"
"""The password of every user of the node: the plugin refuses weak ones."""

_SSL = {"pemcert_filepath": "node.pem", "pemkey_filepath": "node-key.pem", "pemtrustedcas_filepath": "ca.pem"}

_LAYERS = ("transport", "http")

_AUTHENTICATION = """
_meta: {type: config, config_version: 2}
config:
  dynamic:
    authc:
      password:
        http_enabled: true
        order: 0
        http_authenticator: {type: basic, challenge: false}
        authentication_backend: {type: internal}
      certificate:
        http_enabled: true
        order: 1
        http_authenticator: {type: clientcert, challenge: false, config: {username_attribute: cn}}
        authentication_backend: {type: noop}
"""


class SecuredNode(Node):
    """HTTPS with certificates of an authority of its own; `ask` goes as the administrator unless told otherwise."""

    def __init__(self, distribution: Distribution, folder: Path) -> None:
        self.authority = Authority(folder.with_name(f"{folder.name}-certificates"))
        admin = self.authority.issue(ADMIN)
        identity = Identity(ca=self.authority.ca, certificate=admin.certificate, key=admin.key)
        super().__init__(distribution, folder, settings=_settings(), identity=identity)
        certificate = self.authority.issue("node", hosts=("DNS:localhost", "IP:127.0.0.1"))
        for file in (*certificate, self.authority.ca):
            shutil.copy(file, folder / "config")
        _configure(distribution.home, folder / "config" / "opensearch-security")

    def start(self) -> None:
        super().start()
        self.await_answer("/_plugins/_security/health?mode=strict")
        self.put_user(ADMIN, roles=["all_access"])

    def put_role(
        self, name: str, *, cluster: Iterable[str] = (), indices: Mapping[str, Iterable[str]] | None = None
    ) -> None:
        """Make or replace a role: rights on the cluster, and on indices by pattern."""
        rights = [
            {"index_patterns": [pattern], "allowed_actions": list(allowed)}
            for pattern, allowed in (indices or {}).items()
        ]
        self._put(f"roles/{name}", {"cluster_permissions": list(cluster), "index_permissions": rights})

    def put_user(self, name: str, *, roles: Iterable[str] = ()) -> Identity:
        """Make or replace a user with these roles alone and the one password; what to ask with as that user."""
        self._put(f"internalusers/{name}", {"password": PASSWORD, "opendistro_security_roles": list(roles)})
        return Identity(user=name, password=PASSWORD, ca=self.authority.ca)

    def certified(self, name: str, *, roles: Iterable[str] = ()) -> Identity:
        """Someone without a password, let in by a client certificate: the one certified holder of these roles."""
        issued = self.authority.issue(name)
        for role in roles:
            self._put(f"rolesmapping/{role}", {"users": [name]})
        return Identity(ca=self.authority.ca, certificate=issued.certificate, key=issued.key)

    def _put(self, path: str, body: dict[str, Any]) -> None:
        self.ask("PUT", f"/_plugins/_security/api/{path}", body)


def _settings() -> dict[str, object]:
    paths = {f"plugins.security.ssl.{layer}.{name}": file for layer in _LAYERS for name, file in _SSL.items()}
    return {
        **paths,
        "plugins.security.ssl.http.enabled": True,
        "plugins.security.ssl.transport.enforce_hostname_verification": False,
        "plugins.security.allow_default_init_securityindex": True,
        "plugins.security.authcz.admin_dn": [distinguished_name(ADMIN)],
        "plugins.security.nodes_dn": [distinguished_name("node")],
    }


def _configure(home: Path, folder: Path) -> None:
    """The plugin's own files, but no users of its making, and our two ways to prove who one is."""
    shutil.copytree(home / "plugins" / "opensearch-security" / "config", folder)
    (folder / "config.yml").write_text(_AUTHENTICATION, encoding="utf-8")
    for name, type in (("internal_users", "internalusers"), ("roles_mapping", "rolesmapping"), ("roles", "roles")):
        text = f"_meta: {{type: {type}, config_version: 2}}\n"
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
