"""The concrete indexes behind an alias: `pubmed-v1`, `pubmed-v2`, each with its ledger `pubmed-v1-ledger`.

The alias names the one that is served. An unserved one with a higher number is being loaded: the first, or a rebuild.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from indexer.engines.opensearch.connection import Cluster
from indexer.engines.opensearch.mapping import Meta


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One concrete index of ours."""

    name: str
    number: int
    meta: Meta
    is_served: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """All versions of one alias, by number."""

    alias: str
    all: Mapping[int, Version]

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
    def old(self) -> tuple[Version, ...]:
        """Those before the served one."""
        served = self.served
        return tuple(v for v in self.all.values() if served is not None and v.number < served.number)


def find_versions(cluster: Cluster) -> Versions:
    """The versions of the alias of the cluster's address.

    Raises:
        NotOurs: an index or alias of that name holds something else.
    """
    raise NotImplementedError


def ledger_name(index: str) -> str:
    """The index that holds the ledger of a version."""
    return f"{index}-ledger"
