"""The files that a load is made of: each of its shares is given the same list, and all of it is loaded in the end.

It is kept once for each number of shares, by whoever comes first. A loader without a share has one of its own, which
nobody else is bound by. Names are compared, without folders, as the files may lie elsewhere on every machine; so in the
list of shares each stands once, and one that is loaded is that file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from indexer.engines.opensearch.errors import OtherFiles
from indexer.engines.opensearch.loading.ledger import ClusterLedger
from indexer.engines.opensearch.loading.ledger_index import LedgerIndex
from indexer.engines.opensearch.loading.versions import Version
from indexer.engines.writing import Share
from indexer.errors import SameName

LISTING = "listing"
"""Kind of the documents that keep the lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What one loader was given."""

    share: Share
    names: Sequence[str]
    """Sorted; empty where it did not say, so that nothing can be compared."""
    other_files: bool = False
    """It answers for no list but that of its own number of shares."""


def agree(rows: LedgerIndex, version: Version, given: Listing) -> None:
    """Keep the list for the others with as many shares; or see that it is theirs.

    Raises:
        OtherFiles: theirs is another.
        SameName: it would be kept, and has a name twice, so that one of the files could be taken for both.
    """
    of, names = given.share.of, list(given.names)
    if of == 1 or not names:
        return
    while (kept := rows.get(_id(of))) is None:
        if twice := [name for name, other in pairwise(names) if name == other]:
            raise SameName(name=twice[0])
        if rows.create(_id(of), LISTING, {"of": of, "names": names}):
            return
    if kept.said["names"] != names:
        raise OtherFiles(name=version.name, shares=of, theirs=kept.said["names"], ours=names)


def unloaded(rows: LedgerIndex, ledger: ClusterLedger, given: Listing) -> str:
    """Which files this loader or any share was given and nobody has loaded, in a sentence with what to do; "" if there
    are none.
    """
    wanted = set(given.names)
    for row in rows.all(LISTING):
        if row.said["of"] == given.share.of or not given.other_files:
            wanted |= set(row.said["names"])
    lacking = sorted(wanted - {entry.name for entry in ledger.entries()}) if wanted else []
    if not lacking:
        return ""
    names = ", ".join(lacking[:3]) + (f", … ({len(lacking):,} files)" if len(lacking) > 3 else "")
    advice = "Load them too, without --shard; or add --rebuild --other-files if it is to be without them."
    return f"its loaders were given files that are not loaded: {names}. {advice}"


def _id(of: int) -> str:
    return f"{LISTING}-of-{of}"
