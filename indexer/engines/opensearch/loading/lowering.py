"""Refresh and copies of a version: turned down while it is loaded, and back up before it is served.

What an operator had set on it is remembered in the ledger's index first, so that it outlives every loader.

Put back is what was remembered, or else what the version was made for. What an operator sets after the last loader came
is left alone where it differs from what we turned down to; the same value cannot be told from ours, and is put back
over. Both settings of copies are judged together.
"""

from collections.abc import Mapping
from typing import Any

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.contents.mapping import LOADING, served_settings
from indexer.engines.opensearch.loading.ledger_index import LedgerIndex
from indexer.engines.opensearch.loading.versions import Version

SETTINGS = "settings"
"""Kind and id of the document that remembers."""

_REFRESH = ("refresh_interval",)
_COPIES = ("number_of_replicas", "auto_expand_replicas")


def lower(cluster: Cluster, rows: LedgerIndex, version: Version) -> None:
    """Turn both down, after remembering what is set otherwise; done by each loader, and by the first to some effect."""
    found = _read(cluster, version)
    set_otherwise = {name: found[name] for name in LOADING if not _is_lowered(found, name)}
    if not set_otherwise:
        return
    remembered = rows.get(SETTINGS)
    while not rows.put(SETTINGS, SETTINGS, _together(_said(remembered), set_otherwise), after=remembered):
        remembered = rows.get(SETTINGS)
    _write(cluster, version, LOADING)


def restore(cluster: Cluster, rows: LedgerIndex, version: Version) -> None:
    """Set what was remembered, or else what the version was made for, in place of what is still turned down."""
    found, before = _read(cluster, version), _said(rows.get(SETTINGS))
    wanted = _together(served_settings(version.meta)["index"], before)
    kept = [group for group in (_REFRESH, _COPIES) if not all(_is_lowered(found, name) for name in group)]
    _write(
        cluster, version, {name: value for name, value in wanted.items() if not any(name in group for group in kept)}
    )


def _together(settings: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """A number of copies that was set by hand stands against one that expands by itself."""
    by_hand = {"auto_expand_replicas": False} if "number_of_replicas" in said else {}
    return {**settings, **by_hand, **said}


def _said(row: Any) -> Mapping[str, Any]:
    return {} if row is None else row.said


def _is_lowered(found: Mapping[str, Any], name: str) -> bool:
    return str(found[name]).lower() == str(LOADING[name]).lower()


def _read(cluster: Cluster, version: Version) -> dict[str, Any]:
    answer = cluster.request(
        "GET",
        f"/{version.name}/_settings",
        params={"flat_settings": "true"},
        doing=f"read the settings of {version.name!r}",
    )
    settings = answer[version.name]["settings"]
    return {name: settings.get(f"index.{name}") for name in LOADING}


def _write(cluster: Cluster, version: Version, settings: Mapping[str, Any]) -> None:
    if settings:
        doing = f"change the settings of {version.name!r}"
        cluster.request("PUT", f"/{version.name}/_settings", {"index": dict(settings)}, doing=doing)
