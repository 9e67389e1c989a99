"""The concrete indexes behind an alias: `pubmed-v1`, `pubmed-v2`, each with its ledger `pubmed-v1-ledger`.

The alias names the one that is served. An unserved one with a higher number is being loaded: the first, or a rebuild.
But one that was served before, and in whose place an older one was put back, is withdrawn: a rebuild makes another.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.connection_errors import NotOpenSearch
from indexer.engines.opensearch.contents.mapping import META, Meta, meta_of
from indexer.engines.opensearch.contents.write_alias import write_alias
from indexer.engines.opensearch.errors import NamedByVersion, NotOurs, OtherFormat, SeveralServed
from indexer.engines.opensearch.loading.ledger_index import PUBLISHED, LedgerIndex
from indexer.errors import UnreadableFormat

UNMARKED = "without our mark in its mapping"
"""Why an index is not ours."""

_MARKS = frozenset({"biocpt", "biocpt-ledger"})
"""In the `_meta` of versions and of ledgers."""
_OF_A_VERSION = re.compile(r"(.+)-v[1-9]\d{0,8}(?:-ledger)?")

_PARTS = frozenset({"aliases", "mappings", "settings"})
"""Of what a cluster says of each index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One concrete index of ours."""

    name: str
    number: int
    is_served: bool
    shards: int
    """Primary shards."""
    created: str
    """When, ISO 8601 in UTC by the cluster's clock."""
    said: Meta | UnreadableFormat
    """What it says of itself, or why this version of ours cannot read it."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """All of the mapping's `_meta`."""

    @property
    def meta(self) -> Meta:
        """What it says of itself.

        Raises: UnreadableFormat, for one of another format: it can be rebuilt or dropped, and nothing else.
        """
        if isinstance(self.said, UnreadableFormat):
            raise self.said
        return self.said


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """All versions of one alias, by number."""

    alias: str
    all: Mapping[int, Version]
    highest: int
    """The highest number that is taken, by a version or by the ledger that one left behind; 0 for none."""
    names: frozenset[str]
    """Of all these indexes: versions and ledgers."""
    writable: frozenset[str]
    """Those of them that have their alias for writing; a snapshot may have been restored without."""
    strangers: frozenset[str]
    """Indexes with the name of a version, which are not ours, and which nobody is served from."""

    @property
    def served(self) -> Version | None:
        """The one that the alias names."""
        return next((version for version in self.all.values() if version.is_served), None)

    @property
    def building(self) -> Version | None:
        """The newest that is not served, if it is newer than the one that is."""
        newest = max(self.all.values(), key=lambda version: version.number, default=None)
        return None if newest is None or newest.is_served else newest

    @property
    def read(self) -> Version | None:
        """What readers are given: the served one; before any is served, the one that is being loaded."""
        return self.served or self.building

    @property
    def old(self) -> tuple[Version, ...]:
        """Those before the served one."""
        served = self.served
        return tuple(v for v in self.all.values() if served is not None and v.number < served.number)


def find_versions(cluster: Cluster) -> Versions:
    """The versions of the alias of the cluster's address.

    Raises:
        NotOurs: the alias names something else, or an index has its name.
        SeveralServed: the alias names several versions.
        NotOpenSearch: whoever answers knows nothing of indexes.
    """
    alias = cluster.address.alias
    found = cluster.request(
        "GET",
        f"/{alias},{alias}-v*",
        params={"ignore_unavailable": "true", "expand_wildcards": "all", "flat_settings": "true"},
        doing=f"look for the versions of {alias!r}",
    )
    if not all(isinstance(said, Mapping) and said.keys() >= _PARTS for said in found.values()):
        raise NotOpenSearch(address=cluster.address, found=f"JSON that describes no index ({str(found)[:40]!r})")
    strangers = {name for name, said in found.items() if _is_strange(name, said, alias)}
    versions = [
        _version(cluster, name, said)
        for name, said in found.items()
        if _concerns(name, said, alias) and name not in strangers
    ]
    versions.sort(key=lambda version: version.number)
    served = [version.name for version in versions if version.is_served]
    if len(served) > 1:
        raise SeveralServed(address=cluster.address, alias=alias, names=served)
    return Versions(
        alias=alias,
        all={version.number: version for version in versions},
        highest=max((_number(name.removesuffix("-ledger"), alias) or 0 for name in found), default=0),
        names=frozenset(found),
        writable=frozenset(name for name, said in found.items() if write_alias(name) in said["aliases"]),
        strangers=frozenset(strangers),
    )


def is_withdrawn(cluster: Cluster, versions: Versions, version: Version) -> bool:
    """Whether an older version was put back in the place of this one, by hand."""
    served = versions.served
    if served is None or version.number <= served.number:
        return False
    rows = LedgerIndex(cluster, ledger_name(version.name))
    return any(rows.all(PUBLISHED))  # a search, which those who only read may do; `get` they may not


def version_name(alias: str, number: int) -> str:
    """The index that holds a version."""
    return f"{alias}-v{number}"


def ledger_name(index: str) -> str:
    """The index that holds the ledger of a version."""
    return f"{index}-ledger"


def _concerns(name: str, said: Mapping[str, Any], alias: str) -> bool:
    """Whether an index is a version by its name, or stands where a version or the alias belongs."""
    return name == alias or alias in said["aliases"] or _number(name, alias) is not None


def _number(name: str, alias: str) -> int | None:
    numbered = re.fullmatch(r"-v([1-9]\d{0,8})", name.removeprefix(alias))
    return int(numbered[1]) if numbered and name.startswith(alias) else None


def _is_strange(name: str, said: Mapping[str, Any], alias: str) -> bool:
    """Whether an index that nobody is served from stands where a version belongs, and has not our mark."""
    return (
        _number(name, alias) is not None
        and alias not in said["aliases"]
        and META not in said["mappings"].get("_meta", {})
    )


def _version(cluster: Cluster, name: str, said: Mapping[str, Any]) -> Version:
    alias, settings = cluster.address.alias, said["settings"]
    number = _number(name, alias)
    if number is None:
        if (
            name == alias
            and _MARKS & said["mappings"].get("_meta", {}).keys()
            and (made := _OF_A_VERSION.fullmatch(name))
        ):
            raise NamedByVersion(address=cluster.address, name=name, alias=made[1])
        why = "an index, not an alias" if name == alias else f"an alias of {name!r}"
        raise NotOurs(address=cluster.address, name=alias, why=why)
    meta: Meta | UnreadableFormat | None
    try:
        meta = meta_of(said["mappings"])
    except UnreadableFormat as error:
        meta = OtherFormat(address=cluster.address, name=name, reason=error)
    if meta is None:
        raise NotOurs(address=cluster.address, name=name, why=UNMARKED)
    created = datetime.fromtimestamp(int(settings["index.creation_date"]) / 1000, UTC)
    return Version(
        name=name,
        number=number,
        is_served=alias in said["aliases"],
        shards=int(settings["index.number_of_shards"]),
        created=created.isoformat(timespec="seconds"),
        said=meta,
        notes=said["mappings"].get("_meta") or {},
    )
