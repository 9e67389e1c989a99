"""Requests that move the alias or remove versions: in one step, and on condition that nobody moved it meanwhile.

An action that takes the alias away from a version where it must be fails, with all others of its request, where it is
not: what was looked at before still holds, or nothing is done.
"""

from collections.abc import Sequence
from typing import Any

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.errors import RequestRefused
from indexer.engines.opensearch.loading.versions import Version, find_versions, ledger_name

_GONE = 404
"""An index or an alias is not there, or not any more."""


def move(cluster: Cluster, to: Version, *, away_from: Version | None) -> bool:
    """Have the alias name a version, and no other; a search sees the one or the other, and never none.

    Args:
        cluster: where.
        to: the version.
        away_from: the one that it names, which may be this one; None for none yet, which is no condition, for there is
            nothing to hold on to.

    Returns: False, and nothing is done, where the alias names another by now, or a version is gone.
    """
    alias = cluster.address.alias
    here: dict[str, Any] = {"add": {"index": to.name, "alias": alias}}
    if away_from is None:
        others = (version.name for version in find_versions(cluster).all.values() if version.name != to.name)
        actions = [here, *(_taken_away(name, alias, must_exist=False) for name in others)]
    elif away_from.name == to.name:
        actions = _as_it_is(cluster, to)
    else:
        actions = [here, _taken_away(away_from.name, alias, must_exist=True)]
    return _done(cluster, actions, doing=f"let {alias!r} name {to.name!r}")


def remove(cluster: Cluster, versions: Sequence[Version], *, served: Version | None) -> bool:
    """Remove versions with their ledgers.

    Args:
        cluster: where.
        versions: those.
        served: the version that everyone is served, and none of these; None for none.

    Returns: False, and nothing is done, where the alias names another by now, or one of them is gone.
    """
    condition = [] if served is None else _as_it_is(cluster, served)
    actions = [removal for version in versions for removal in _removals(cluster, version)]
    return _done(cluster, [*condition, *actions], doing=f"drop {', '.join(version.name for version in versions)}")


def _done(cluster: Cluster, actions: Sequence[Any], *, doing: str) -> bool:
    try:
        cluster.request("POST", "/_aliases", {"actions": actions}, doing=doing)
    except RequestRefused as error:
        if error.status != _GONE:
            raise
        return False
    return True


def _as_it_is(cluster: Cluster, served: Version) -> list[dict[str, Any]]:
    """Take the alias from where it must be, and put it back with all that was set on it: a filter of an operator's."""
    alias = cluster.address.alias
    unless_gone, doing = {"ignore_unavailable": "true"}, f"read the alias {alias!r}"
    found = cluster.request("GET", f"/{served.name}", params=unless_gone, doing=doing)
    details = found.get(served.name, {}).get("aliases", {}).get(alias, {})
    back = {"add": {"index": served.name, "alias": alias, **details}}
    return [_taken_away(served.name, alias, must_exist=True), back]


def _removals(cluster: Cluster, version: Version) -> list[dict[str, Any]]:
    ledger = ledger_name(version.name)
    found = cluster.request("GET", f"/{ledger}", params={"ignore_unavailable": "true"}, doing=f"look for {ledger!r}")
    return [{"remove_index": {"index": name}} for name in (version.name, *found)]


def _taken_away(index: str, alias: str, *, must_exist: bool) -> dict[str, Any]:
    return {"remove": {"index": index, "alias": alias, "must_exist": must_exist}}
