"""Take the search pipelines of an index away: ours alone, and the default that stood before ours is put back."""

from collections.abc import Mapping
from dataclasses import dataclass

from indexer.engines.location import Location
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.loading.versions import find_versions
from indexer.engines.opensearch.pipelines.bodies import KINDS
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
        ours = {there.name: there for there in standing(cluster, KINDS).values() if there.is_ours}
        defaults = [
            Request("PUT", f"/{version.name}/_settings", {SETTING: _before(cluster, ours[name]) or None})
            for version in find_versions(cluster).all.values()
            if (name := default_of(cluster, version.name)) in ours
        ]
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
        ours = {there.name: there for there in found.values() if there.is_ours}
        defaults = {
            version.name: _put_back(cluster, version.name, ours[name])
            for version in find_versions(cluster).all.values()
            if (name := default_of(cluster, version.name)) in ours
        }
        for name in ours:
            doing = f"remove the search pipeline {name!r}"
            cluster.request("DELETE", f"/_search/pipeline/{name}", ignore=(404,), doing=doing)
        kept = tuple(there.name for there in found.values() if not there.is_ours)
        return Removal(removed=tuple(ours), kept=kept, defaults=defaults)
    finally:
        cluster.close()


def _put_back(cluster: Cluster, index: str, ours: Standing) -> str:
    name = _before(cluster, ours)
    set_default(cluster, [index], name)
    return name


def _before(cluster: Cluster, ours: Standing) -> str:
    """The default that stood before ours, unless it is gone; "" for none."""
    name = ours.replaced
    return name if name and pipeline(cluster, name) is not None else ""
