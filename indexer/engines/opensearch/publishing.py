"""Serve a version that is whole: inspect it, restore its settings, and put or swap the alias in one call."""

from collections.abc import Sequence
from typing import Any

from indexer.engines.opensearch import loaders
from indexer.engines.opensearch.carrying import take_over_deletions
from indexer.engines.opensearch.connection import Cluster
from indexer.engines.opensearch.errors import RequestRefused, UnsoundVersion
from indexer.engines.opensearch.inspection import inspect
from indexer.engines.opensearch.ledger import ClusterLedger
from indexer.engines.opensearch.ledger_index import LedgerIndex
from indexer.engines.opensearch.lowering import SETTINGS, restore
from indexer.engines.opensearch.versions import Version, find_versions, ledger_name
from indexer.engines.protocol import Publication

_TIMES = 3
"""How often the swap is tried while other loaders swap and drop too."""


def publish(cluster: Cluster, version: Version, *, drop_old: bool = False) -> Publication:
    """Let the alias name `version`, all of whose files are loaded. Run again after a crash, it does the rest.

    Not done where the served version was given files since this one was begun that this one lacks.

    Raises:
        UnsoundVersion: what is stored is not what was loaded; the alias stays as it is.
    """
    versions, rows = find_versions(cluster), LedgerIndex(cluster, ledger_name(version.name))
    served = versions.served
    if served is not None and served.number > version.number:
        return Publication(False, f"{version.name!r} is not served: the newer {served.name!r} is.")
    lacking = _lacking(cluster, version, served)
    if lacking:
        return Publication(False, _told(version, lacking))
    take_over_deletions(cluster, version)
    inspect(cluster, version, loaders.loaders(rows))
    restore(cluster, rows, version)
    _wait_for_copies(cluster, version)
    kept = _swap(cluster, version, drop_old=drop_old)
    restore(cluster, rows, version)  # once more: a loader may have come between and turned them down
    loaders.forget(rows)
    rows.delete(SETTINGS)
    return Publication(True, f"{versions.alias!r} is {version.name!r} now." + _kept(kept))


def _lacking(cluster: Cluster, version: Version, served: Version | None) -> list[str]:
    """Files that the served version was given since `version` was made, and that `version` was not given."""
    if served is None or served.name == version.name:
        return []
    here = {entry.name for entry in ClusterLedger(cluster, version.name).entries()}
    there = ClusterLedger(cluster, served.name).entries()
    return [entry.name for entry in there if entry.finished >= version.created and entry.name not in here]


def _told(version: Version, lacking: Sequence[str]) -> str:
    names = ", ".join(lacking[:3]) + (", …" if len(lacking) > 3 else "")
    return (
        f"{version.name!r} is not served yet: it lacks files that were loaded into the served one since the rebuild "
        f"began: {names}. Load them with --rebuild too."
    )


def _wait_for_copies(cluster: Cluster, version: Version, seconds: int = 60) -> None:
    """Until every shard can be searched; further copies of it may follow."""
    try:
        cluster.request(
            "GET",
            f"/_cluster/health/{version.name}",
            params={"wait_for_status": "yellow", "timeout": f"{seconds}s"},
            timeout=seconds + 30,
            doing=f"wait for the shards of {version.name!r}",
        )
    except RequestRefused as error:
        if error.status != 408:
            raise
        why = f"not all of its shards were there after {seconds} s"
        raise UnsoundVersion(address=cluster.address, name=version.name, why=why) from error


def _swap(cluster: Cluster, version: Version, *, drop_old: bool) -> list[Version]:
    """Alias and, if asked, old versions in one step, so that no crash comes between; the old ones that are left."""
    for attempt in range(_TIMES):
        versions = find_versions(cluster)
        others = [other for other in versions.all.values() if other.number < version.number]
        actions = [_alias("add", version, versions.alias)]
        actions += [_alias("remove", other, versions.alias) for other in others if other.is_served]
        if drop_old:
            actions += [drop for other in others for drop in removals(cluster, other)]
        try:
            cluster.request(
                "POST", "/_aliases", {"actions": actions}, doing=f"let {versions.alias!r} name {version.name!r}"
            )
        except RequestRefused as error:
            if error.status != 404 or attempt == _TIMES - 1:
                raise
            continue  # another loader has just done the same
        break
    return [] if drop_old else others


def removals(cluster: Cluster, version: Version) -> list[dict[str, Any]]:
    """The actions that remove a version and its ledger."""
    ledger = ledger_name(version.name)
    found = cluster.request("GET", f"/{ledger}", params={"ignore_unavailable": "true"}, doing=f"look for {ledger!r}")
    return [{"remove_index": {"index": name}} for name in (version.name, *found)]


def _alias(action: str, version: Version, alias: str) -> dict[str, Any]:
    return {action: {"index": version.name, "alias": alias}}


def _kept(old: Sequence[Version]) -> str:
    if not old:
        return ""
    names = " ".join(version.name for version in old)
    return f" {len(old)} older kept; to drop: `biocpt drop {names}`."
