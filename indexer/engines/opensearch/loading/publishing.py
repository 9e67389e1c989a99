"""Serve a version that is whole: inspect it, restore its settings, and put or swap the alias in one call."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.errors import ClosedInCluster, RequestRefused, UnsoundVersion
from indexer.engines.opensearch.loading import loaders
from indexer.engines.opensearch.loading.aliasing import move, remove
from indexer.engines.opensearch.loading.carrying import take_over
from indexer.engines.opensearch.loading.given import lacks
from indexer.engines.opensearch.loading.inspection import inspect
from indexer.engines.opensearch.loading.ledger_index import PUBLISHED, PUBLISHING, LedgerIndex
from indexer.engines.opensearch.loading.loaders import Loader, Watch
from indexer.engines.opensearch.loading.lowering import SETTINGS, restore
from indexer.engines.opensearch.loading.mark import Mark
from indexer.engines.opensearch.loading.versions import Version, find_versions, ledger_name
from indexer.engines.protocol import Publication
from indexer.errors import IndexerError

GRACE = 5.0
"""Seconds that searches of an old version are given to end before it is dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishOptions:
    """How a version takes the place of another."""

    other_files: bool = False
    """It need not be made from the files that the served one had been given when it was begun."""
    drop_old: bool = False
    """Remove those before it, once searches that still ask them are over."""
    grace: float = GRACE
    """Seconds that these are given."""
    patience: float = 30.0
    """Seconds without a sign of life after which those who write to the old one are taken for dead."""
    beat: float = 5.0
    """Seconds between two signs of life of the publisher."""


DEFAULT = PublishOptions()


def publish(cluster: Cluster, version: Version, options: PublishOptions = DEFAULT) -> Publication:
    """Let the alias name `version`, all of whose files are loaded. Run again after a crash, it does the rest.

    Not done while somebody writes to the served version, or where it was given files that this one lacks. Who opened
    that for writing in the milliseconds between our last look and the swap is told when done that it was replaced.

    Raises:
        UnsoundVersion: what is stored is not what was loaded; the alias stays as it is.
    """
    served = find_versions(cluster).served
    if held_up := _held_up(cluster, version, served, options):
        return Publication(False, held_up)
    rows = LedgerIndex(cluster, ledger_name(version.name))
    with Mark(rows, drop_old=options.drop_old, beat=options.beat) as mark:
        try:
            _make_ready(cluster, version, rows)
            served = find_versions(cluster).served
            held_up = _held_up(cluster, version, served, options)  # once more: all that took its time
            if not held_up:
                take_over(cluster, version)
        except IndexerError:
            mark.remove()
            raise
        if not held_up:
            mark.put()  # refused if somebody drops the version at this moment
            if not move(cluster, version, away_from=served):
                held_up = f"{version.name!r} is not served yet: what is served changed. Run the same command again."
        if held_up:
            mark.remove()
            return Publication(False, held_up)
    closed = complete(cluster, version, options)
    versions = find_versions(cluster)
    return Publication(True, f"{versions.alias!r} is {version.name!r} now." + _kept(versions.old, closed))


def complete(cluster: Cluster, version: Version, options: PublishOptions = DEFAULT) -> Sequence[Version]:
    """What follows once the alias names a version, if it was not all done: by its publisher, or by whoever is next.

    Returns: the old versions that were to be dropped and are kept, because their ledgers are closed.
    """
    rows, closed = LedgerIndex(cluster, ledger_name(version.name)), list[Version]()
    mark = rows.get(PUBLISHING)
    if mark is None:
        return closed
    rows.put(PUBLISHED, PUBLISHED, {})
    restore(cluster, rows, version)  # once more: a loader may have come between and turned them down
    if mark.said.get("drop_old") and find_versions(cluster).old:
        time.sleep(options.grace)
        unused, closed = _unused(cluster, find_versions(cluster).old, options.patience)
        if unused:  # and nothing, if one of them is served again or another process does it
            remove(cluster, unused, served=version)
    loaders.forget(rows)
    rows.delete(SETTINGS)
    rows.delete(PUBLISHING)
    return closed


def _unused(cluster: Cluster, old: Sequence[Version], patience: float) -> tuple[list[Version], list[Version]]:
    """Those that nobody writes to, and those of which that cannot be seen."""
    unused, closed = list[Version](), list[Version]()
    for version in old:
        try:
            if not living(cluster, version, patience):
                unused.append(version)
        except ClosedInCluster:
            closed.append(version)
    return unused, closed


def living(cluster: Cluster, version: Version, patience: float) -> list[Loader]:
    """Who is writing to a version, for certain; takes until their next sign of life, or `patience` for the dead."""
    return Watch(LedgerIndex(cluster, ledger_name(version.name)), patience=patience).living()


def _make_ready(cluster: Cluster, version: Version, rows: LedgerIndex) -> None:
    """All that comes before the swap and takes its time."""
    take_over(cluster, version)
    inspect(cluster, version, loaders.loaders(rows))
    restore(cluster, rows, version)
    _wait_for_copies(cluster, version)


def _held_up(cluster: Cluster, version: Version, served: Version | None, options: PublishOptions) -> str:
    """Why a version does not take the place of the served one now, in a sentence; "" if nothing holds it up."""
    if served is None or served.name == version.name:
        return ""
    if served.number > version.number:
        return f"{version.name!r} is not served: the newer {served.name!r} is."
    why = _irreplaceable(cluster, version, served, options)
    return f"{version.name!r} is not served yet: {why}" if why else ""


def _irreplaceable(cluster: Cluster, version: Version, served: Version, options: PublishOptions) -> str:
    """Why the served version cannot be replaced now: it would take with it what only it was given; "" if it can."""
    if writers := living(cluster, served, options.patience):
        return f"{served.name!r} is being written to ({writers[0]}). Run the same command again when that is done."
    return lacks(cluster, version, served, other_files=options.other_files)


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


def _kept(old: Sequence[Version], closed: Sequence[Version]) -> str:
    if not old:
        return ""
    names, why = " ".join(version.name for version in old), ""
    if kept := {version.name for version in old} & {version.name for version in closed}:
        why = f" (closed: {', '.join(sorted(kept))})"
    return f" {len(old)} older kept{why}; to drop: `biocpt drop {names}`."
