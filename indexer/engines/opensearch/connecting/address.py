"""The URL of an index, taken apart: hosts, a path before them, and the name of the alias."""

import re
from dataclasses import dataclass
from ipaddress import IPv6Address

from indexer.engines.location import without_secrets
from indexer.engines.opensearch.errors import UnusableAddress

LONGEST_NAME = 200
"""Bytes of an alias; OpenSearch allows 255, and ours take a version and a suffix."""

_NAME = re.compile(r"\.?[a-z0-9][a-z0-9._-]*")
"""Hidden ones begin with a dot: those of others may."""
_PREFIX = re.compile(r"(?!\.+$)[A-Za-z0-9.~-][A-Za-z0-9._~-]*")  # an underscore begins names of OpenSearch's own
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?", re.IGNORECASE)
_PLACE = re.compile(r"(?:\[(?P<six>[^]]*)]|(?P<name>[^:]*))(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True, slots=True)
class Address:
    """`https://one:9200,two:9200/prefix/pubmed`."""

    scheme: str
    hosts: tuple[tuple[str, int], ...]
    """Host and port of each."""
    prefix: str
    """What stands before the index's name in the path (`/prefix`), for a cluster behind a proxy; "" for nothing."""
    alias: str

    @property
    def cluster(self) -> str:
        """The URL of the cluster at its first host, with no slash at its end."""
        host, port = self.hosts[0]
        return f"{self.scheme}://{_bracketed(host)}:{port}{self.prefix}"

    def __str__(self) -> str:
        hosts = ",".join(f"{_bracketed(host)}:{port}" for host, port in self.hosts)
        return f"{self.scheme}://{hosts}{self.prefix}/{self.alias}"


def parse(location: str) -> Address:
    """The parts of a location.

    Raises: UnusableAddress, for another scheme, secrets in it, no host, no index name, or a name that OpenSearch or
        we do not allow.
    """
    scheme, _, rest = location.partition("://")
    try:
        return _parse(scheme.lower(), rest)
    except _Fault as fault:
        raise UnusableAddress(location=without_secrets(location), why=str(fault)) from fault


class _Fault(Exception):
    """What is wrong with a location."""


def _parse(scheme: str, rest: str) -> Address:
    if scheme not in ("http", "https"):
        raise _Fault(f"{scheme[:20]!r} is neither http nor https")
    if "@" in rest:
        raise _Fault("it holds a user or password; give these as --user and BIOCPT_OPENSEARCH_PASSWORD")
    if any(sign in rest for sign in "?#%"):
        raise _Fault("a URL of an index has no '?', '#' or '%'")
    authority, _, path = rest.partition("/")
    prefix, _, alias = path.strip("/").rpartition("/")
    hosts = tuple(_host(place, 443 if scheme == "https" else 9200) for place in authority.split(","))
    return Address(scheme, hosts, _usable_prefix(prefix), _usable_alias(alias))


def _host(place: str, default_port: int) -> tuple[str, int]:
    found = _PLACE.fullmatch(place)
    if found is None:
        raise _Fault(f"{place[:80]!r} is no HOST:PORT; an IPv6 address stands in brackets, [::1]:9200")
    host = _six(found["six"]) if found["six"] is not None else found["name"].lower()
    if not host:
        raise _Fault("it names no host")
    if found["six"] is None and not _HOST.fullmatch(host):
        raise _Fault(f"{host[:80]!r} is no name of a host")
    port = default_port if found["port"] is None else int(found["port"])
    if not 0 < port < 65_536:
        raise _Fault(f"{port} is no port")
    return host, port


def _six(address: str) -> str:
    try:
        return str(IPv6Address(address))
    except ValueError:
        raise _Fault(f"{address[:80]!r} is no IPv6 address") from None


def _usable_prefix(prefix: str) -> str:
    parts = prefix.strip("/").split("/") if prefix else []
    for part in parts:
        if not _PREFIX.fullmatch(part):
            raise _Fault(f"{part[:80]!r} cannot stand in the path before the index's name")
    return "".join(f"/{part}" for part in parts)


def _usable_alias(alias: str) -> str:
    if not alias:
        raise _Fault("it names no index; add one, such as /pubmed")
    if len(alias) > LONGEST_NAME or not _NAME.fullmatch(alias):
        raise _Fault(
            f"an index name is up to {LONGEST_NAME} of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit "
            "(a hidden one's with a dot before it)"
        )
    return alias


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
