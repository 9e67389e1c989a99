"""Take the search pipelines of an index away: ours alone, and the default that stood before ours is put back."""

from collections.abc import Mapping
from dataclasses import dataclass

from indexer.engines.location import Location
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.loading.versions import find_versions
from indexer.engines.opensearch.pipelines.bodies import KINDS, name_of
from indexer.engines.opensearch.pipelines.defaults import SETTING, default_of, set_default
from indexer.engines.opensearch.pipelines.installing import Request
from indexer.engines.opensearch.pipelines.standing import Standing, pipeline, standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What was done."""

    removed: tuple[str, ...]
    kept: tuple[str, ...]
    """Pipelines under our names that are not ours."""
    defaults: Mapping[str, str]
    """By version that had one of ours as its default, what it has now; "" for none."""


def requests(location: Location) -> list[Request]:
    """What `remove` would send now."""
    cluster = Cluster(address.parse(location.name), location.access)
    try:
        found = standing(cluster, KINDS)
        defaults = [
            Request("PUT", f"/{version}/_settings", {SETTING: name or None})
            for version, name in _defaults(cluster, found).items()
        ]
        ours = (there.name for there in found.values() if there.is_ours)
        return [*defaults, *(Request("DELETE", f"/_search/pipeline/{name}", None) for name in ours)]
    finally:
        cluster.close()


def remove(location: Location) -> Removal:
    """Remove every pipeline of ours for this index; of an index that is gone too.

    The defaults first: an index whose default pipeline is gone answers nobody.
    """
    cluster = Cluster(address.parse(location.name), location.access)
    try:
        found = standing(cluster, KINDS)
        ours = tuple(there.name for there in found.values() if there.is_ours)
        defaults = _defaults(cluster, found)
        for version, default in defaults.items():
            set_default(cluster, [version], default)
        for name in ours:
            doing = f"remove the search pipeline {name!r}"
            cluster.request("DELETE", f"/_search/pipeline/{name}", ignore=(404,), doing=doing)
        kept = tuple(there.name for there in found.values() if not there.is_ours)
        return Removal(removed=ours, kept=kept, defaults=defaults)
    finally:
        cluster.close()


def _defaults(cluster: Cluster, found: Mapping[str, Standing]) -> dict[str, str]:
    """By version whose default is ours, what it is to have; so too where somebody took the pipeline itself away."""
    names = {name_of(cluster.address.alias, kind): found.get(kind) for kind in KINDS}
    before: dict[str, str] = {}
    for version in find_versions(cluster).all.values():
        name = default_of(cluster, version.name)
        there = names.get(name)
        if name in names and (there is None or there.is_ours):
            before[version.name] = "" if there is None else _before(cluster, there)
    return before


def _before(cluster: Cluster, ours: Standing) -> str:
    """The default that stood before ours, unless it is gone; "" for none."""
    name = ours.replaced
    return name if name and pipeline(cluster, name) is not None else ""
