"""The cluster settings that let ml-commons ask a model server."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connectors.errors import UnusableServer

_PREFIX = "plugins.ml_commons."
_ANYWHERE = f"{_PREFIX}only_run_on_ml_node"
_PRIVATE = f"{_PREFIX}connector.private_ip_enabled"
_TRUSTED = f"{_PREFIX}trusted_connector_endpoints_regex"
_LAYERS = ("transient", "persistent", "defaults")
"""The first that says something counts."""

PATH = "/_cluster/settings"


def checked(url: str) -> str:
    """A model server's URL, without a slash at its end.

    Raises: UnusableServer.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise UnusableServer(url=url, why="it begins with neither http:// nor https://")
    if not parts.hostname or "@" in parts.netloc:
        raise UnusableServer(url=url, why="it names no host, or a user")
    if parts.query or parts.fragment:
        raise UnusableServer(url=url, why="it has a '?' or a '#'")
    return url.rstrip("/")


def missing(cluster: Cluster, url: str) -> dict[str, Any]:
    """What has to be set so that the cluster may ask the server at `url`; nothing of what others trust is lost."""
    now = _effective(cluster)
    wanted: dict[str, Any] = {}
    if str(now.get(_ANYWHERE, "true")).lower() == "true":
        wanted[_ANYWHERE] = False
    if _is_private(url) and str(now.get(_PRIVATE, "false")).lower() != "true":
        wanted[_PRIVATE] = True
    trusted = _list(now.get(_TRUSTED))
    if not any(re.search(pattern, f"{url}/") for pattern in trusted):
        wanted[_TRUSTED] = [*trusted, pattern_of(url)]
    return wanted


def put(cluster: Cluster, wanted: Mapping[str, Any]) -> None:
    """Set them, until somebody sets them otherwise; nothing is sent for none."""
    if not wanted:
        return
    cluster.request("PUT", PATH, {"persistent": wanted}, doing="let the cluster ask the model server")


def distrust(cluster: Cluster, url: str) -> bool:
    """Take our pattern from those that are trusted; whether it was there. The other settings may serve others."""
    trusted = _list(_effective(cluster).get(_TRUSTED))
    if pattern_of(url) not in trusted:
        return False
    put(cluster, {_TRUSTED: [pattern for pattern in trusted if pattern != pattern_of(url)]})
    return True


def pattern_of(url: str) -> str:
    """A regular expression, of Java and of Python, for everything below `url`."""
    return f"^{re.escape(url)}/.*$"


def _effective(cluster: Cluster) -> dict[str, Any]:
    said = cluster.request(
        "GET",
        PATH,
        params={"include_defaults": "true", "flat_settings": "true"},
        doing="read the cluster's settings",
    )
    found: dict[str, Any] = {}
    for layer in reversed(_LAYERS):
        found |= said.get(layer, {})
    return found


def _list(value: Any) -> list[str]:
    """A list of strings, as servers give it or as they write it into one."""
    if isinstance(value, str):
        return [part.strip() for part in value.strip("[]").split(",") if part.strip()]
    return [str(part) for part in value or ()]


def _is_private(url: str) -> bool:
    host = str(urlsplit(url).hostname)
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return found.is_private or found.is_loopback or found.is_link_local
