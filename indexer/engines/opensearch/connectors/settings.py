"""The cluster settings that let ml-commons ask a model server."""

import ipaddress
import re
import socket
import warnings
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connectors.bodies import ROLES
from indexer.engines.opensearch.connectors.errors import UnusableServer

_PREFIX = "plugins.ml_commons."
_ANYWHERE = f"{_PREFIX}only_run_on_ml_node"
_PRIVATE = f"{_PREFIX}connector.private_ip_enabled"
_TRUSTED = f"{_PREFIX}trusted_connector_endpoints_regex"
_LAYERS = ("transient", "persistent", "defaults")
"""The first that says something counts."""

PATH = "/_cluster/settings"

_URL = re.compile(r"[A-Za-z0-9:/?#\[\]@!&'()*+,;=._~%-]*")
"""No blank, and no sign that a JSON string, or a template of ml-commons, has another use for."""


def checked(url: str) -> str:
    """A model server's URL, without a slash at its end.

    Raises: UnusableServer.
    """
    if not _URL.fullmatch(url):
        raise UnusableServer(url=url, why="it has a blank or another sign that no such URL has")
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UnusableServer(url=url, why="its host or its port is none") from error
    if parts.scheme not in ("http", "https"):
        raise UnusableServer(url=url, why="it begins with neither http:// nor https://")
    if not parts.hostname or "@" in parts.netloc:
        raise UnusableServer(url=url, why="it names no host, or a user")
    if "?" in url or "#" in url:
        raise UnusableServer(url=url, why="it has a '?' or a '#'")
    return url.rstrip("/")


def missing(cluster: Cluster, url: str) -> dict[str, Any]:
    """What has to be set so that the cluster may ask the server at `url`; nothing of what others trust is lost."""
    now = _effective(_said(cluster))
    wanted: dict[str, Any] = {}
    if str(now.get(_ANYWHERE, "true")).lower() == "true":
        wanted[_ANYWHERE] = False
    if is_private(url) and str(now.get(_PRIVATE, "false")).lower() != "true":
        wanted[_PRIVATE] = True
    trusted = _list(now.get(_TRUSTED))
    if not is_trusted(url, trusted):
        wanted[_TRUSTED] = [*trusted, pattern_of(url)]
    return wanted


def put(cluster: Cluster, wanted: Mapping[str, Any]) -> None:
    """Set them, until somebody sets them otherwise; nothing is sent for none."""
    if wanted:
        cluster.request("PUT", PATH, body(cluster, wanted), doing="let the cluster ask the model server")


def body(cluster: Cluster, wanted: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What is sent to set them: each where it counts, which is above a transient one that is there already."""
    transient = _said(cluster).get("transient", {})
    layers: dict[str, dict[str, Any]] = {}
    for name, value in wanted.items():
        layers.setdefault("transient" if name in transient else "persistent", {})[name] = value
    return layers


def distrust(cluster: Cluster, url: str) -> bool:
    """Take our pattern from those that are trusted; whether it was there. The other settings may serve others."""
    trusted = _list(_effective(_said(cluster)).get(_TRUSTED))
    if pattern_of(url) not in trusted:
        return False
    put(cluster, {_TRUSTED: [pattern for pattern in trusted if pattern != pattern_of(url)]})
    return True


def pattern_of(url: str) -> str:
    """A regular expression, of Java and of Python, for everything below `url`."""
    return f"^{re.escape(url)}/.*$"


def is_trusted(url: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern stands for the whole of each address that connectors ask: for less it is refused (3.6.0)."""
    known = list(patterns)
    return all(any(_matches(pattern, f"{url}{kind.path}") for pattern in known) for kind in ROLES.values())


def is_private(url: str) -> bool:
    """Whether ml-commons may take the server's address for a private one.

    A name counts by what it stands for here; one that is unknown here is a name of the cluster's own network.
    """
    host = str(urlsplit(url).hostname)
    try:
        found = {host} if _is_ip(host) else {str(each[4][0]) for each in socket.getaddrinfo(host, None)}
    except (OSError, UnicodeError):
        return True
    return any(ip.is_private or ip.is_loopback or ip.is_link_local for ip in map(ipaddress.ip_address, found))


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _matches(pattern: str, text: str) -> bool:
    """False too for what only Java can read: then our own pattern joins it."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return re.fullmatch(pattern, text) is not None
    except re.error:
        return False


def _said(cluster: Cluster) -> dict[str, dict[str, Any]]:
    said: dict[str, dict[str, Any]] = cluster.request(
        "GET",
        PATH,
        params={"include_defaults": "true", "flat_settings": "true"},
        doing="read the cluster's settings",
    )
    return said


def _effective(said: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for layer in reversed(_LAYERS):
        found |= said.get(layer, {})
    return found


def _list(value: Any) -> list[str]:
    """A list of strings, as servers give it or as they write it into one."""
    if isinstance(value, str):
        return [part.strip() for part in value.strip("[]").split(",") if part.strip()]
    return [str(part) for part in value or ()]
