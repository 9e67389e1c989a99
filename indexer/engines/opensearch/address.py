"""The URL of an index, taken apart: hosts, a path before them, and the name of the alias."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from indexer.engines.opensearch.errors import UnusableAddress

LONGEST_NAME = 200
"""Bytes of an alias; OpenSearch allows 255, and ours take a version and a suffix."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Address:
    """`https://one:9200,two:9200/prefix/pubmed`."""

    scheme: str
    hosts: tuple[tuple[str, int], ...]
    """Host and port of each."""
    prefix: str
    """What stands before the index's name in the path (`/prefix`), for a cluster behind a proxy; "" for nothing."""
    alias: str

    def __str__(self) -> str:
        hosts = ",".join(f"{_bracketed(host)}:{port}" for host, port in self.hosts)
        return f"{self.scheme}://{hosts}{self.prefix}/{self.alias}"


def parse(location: str) -> Address:
    """The parts of a location.

    Raises: UnusableAddress, for another scheme, secrets in it, no host, no index name, or a name that OpenSearch or
        we do not allow.
    """
    scheme, _, rest = location.partition("://")
    if scheme not in ("http", "https"):
        raise UnusableAddress(location=_without_secrets(location), why=f"{scheme!r} is neither http nor https")
    authority, _, path = rest.partition("/")
    if "@" in authority:
        raise UnusableAddress(
            location=_without_secrets(location),
            why="it holds a user or password; give these as --user and BIOCPT_OPENSEARCH_PASSWORD",
        )
    if any(sign in path for sign in "?#%"):
        raise UnusableAddress(location=location, why="a URL of an index has no '?', '#' or '%'")
    prefix, _, alias = path.strip("/").rpartition("/")
    hosts = tuple(_host(part, scheme, location) for part in authority.split(","))
    return Address(scheme, hosts, f"/{prefix}" if prefix else "", _usable(alias, location))


def _host(part: str, scheme: str, location: str) -> tuple[str, int]:
    try:
        split = urlsplit(f"//{part}")
        host, port = split.hostname, split.port
    except ValueError as error:
        raise UnusableAddress(location=location, why=str(error)) from error
    if not host:
        raise UnusableAddress(location=location, why="it names no host")
    return host, port if port is not None else (443 if scheme == "https" else 9200)


def _usable(alias: str, location: str) -> str:
    if not alias:
        raise UnusableAddress(location=location, why="it names no index; add one, such as /pubmed")
    if len(alias) > LONGEST_NAME or not _NAME.fullmatch(alias):
        why = f"an index name is up to {LONGEST_NAME} of a-z, 0-9, '.', '_' and '-', and begins with a letter or digit"
        raise UnusableAddress(location=location, why=why)
    return alias


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _without_secrets(location: str) -> str:
    return re.sub(r"://[^/]*@", "://…@", location)
