"""What the served version was given and a rebuild has to be given too, but for what it may leave out.

Left out may be, where that is asked for, what the served version had when the rebuild began; a file that it is given
while the rebuild goes on would be lost without anyone having meant that.
"""

from collections.abc import Sequence, Set

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.loading.ledger import ClusterLedger
from indexer.engines.opensearch.loading.ledger_index import LedgerIndex
from indexer.engines.opensearch.loading.versions import Version, find_versions, ledger_name
from indexer.ledger import FileEntry

GIVEN = "given-before"
"""Kind and id of the document that has the files that the served version had when the rebuild began."""


def keep_given(cluster: Cluster, version: Version) -> None:
    """Note, when a rebuild begins, in its ledger, which files the served version has been given; once."""
    rows, served = LedgerIndex(cluster, ledger_name(version.name)), find_versions(cluster).served
    if served is not None and served.name != version.name and rows.get(GIVEN) is None:
        files = [[entry.name, entry.digest] for entry in ClusterLedger(cluster, served.name).entries()]
        rows.create(GIVEN, GIVEN, {"files": files})


def lacks(cluster: Cluster, version: Version, served: Version, *, other_files: bool) -> str:
    """Which files the served version was given and ours was not, in a sentence with what to do; "" if there are none.

    Args:
        other_files: those that were there when the rebuild began are none of them.
    """
    before = _given_before(LedgerIndex(cluster, ledger_name(version.name)))
    there, here = (ClusterLedger(cluster, name).entries() for name in (served.name, version.name))
    files = [file for file in _lacking(there, here) if not other_files or file not in before]
    if not files:
        return ""
    names = ", ".join(name for name, _ in files[:3]) + (f", … ({len(files):,} files)" if len(files) > 3 else "")
    since = " since the rebuild began" if before.isdisjoint(files) else ""
    return f"{served.name!r} was given files{since} that it lacks: {names}. Load them with --rebuild too{_else(since)}."


def _else(since: str) -> str:
    return "" if since else ", or add --other-files if it is to be without those that were there when the rebuild began"


def _given_before(rows: LedgerIndex) -> Set[tuple[str, str]]:
    kept = rows.get(GIVEN)
    return frozenset() if kept is None else frozenset((name, digest) for name, digest in kept.said["files"])


def _lacking(there: Sequence[FileEntry], here: Sequence[FileEntry]) -> list[tuple[str, str]]:
    """(name, digest) of the files, the last one first, that the other version was given and ours was not; a file that
    has changed since counts as given, but not one that has changed there alone.
    """
    theirs, ours = ({(entry.name, entry.digest) for entry in entries} for entries in (there, here))
    changed_here = {name for name, _ in ours - theirs}
    newest = {entry.name: entry.digest for entry in there}
    return [file for file in reversed(newest.items()) if file not in ours and file[0] not in changed_here]
