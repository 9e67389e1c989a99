"""Remove versions that nobody is served from: old ones, and loads that were given up."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress

from indexer.engines.location import Location
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.contents.write_alias import write_alias
from indexer.engines.opensearch.errors import (
    ClosedInCluster,
    DropOvertaken,
    NoSuchVersion,
    NotOurs,
    StillLoading,
    StillPublished,
    StillServed,
)
from indexer.engines.opensearch.loading.aliasing import remove
from indexer.engines.opensearch.loading.ledger_index import PUBLISHING, LedgerIndex, Row
from indexer.engines.opensearch.loading.load import PATIENCE
from indexer.engines.opensearch.loading.loaders import loader_of
from indexer.engines.opensearch.loading.mark import publisher
from indexer.engines.opensearch.loading.publishing import living
from indexer.engines.opensearch.loading.versions import UNMARKED, Version, Versions, find_versions, ledger_name
from indexer.errors import IndexerError


def drop_from_cluster(
    location: Location, names: Collection[str], *, old: bool, patience: float = PATIENCE
) -> list[str]:
    """Remove versions with their ledgers, all in one step; their names.

    Args:
        location: of the index.
        names: of versions (`pubmed-v1`).
        old: all those before the served one too.
        patience: seconds without a sign of life after which a loader of a version is taken for dead.

    Raises:
        NoSuchVersion, StillServed, NotOurs: before anything is removed.
        StillLoading, StillPublished: somebody is loading one of them, or about to have it served; the same.
        DropOvertaken: the alias was moved at this moment; the same.
    """
    cluster = Cluster(address.parse(location.name), location.access)
    try:
        versions = find_versions(cluster)
        chosen = [_droppable(cluster, versions, name) for name in dict.fromkeys(names)]
        chosen += [version for version in versions.old if old and version not in chosen]
        for version in chosen:
            _require_nobody(cluster, version, patience)
        unserved = [version for version in chosen if version not in versions.old]
        with _shut(cluster, {version.name: _dead_mark(cluster, version, patience) for version in unserved}):
            served = find_versions(cluster).served  # once more: the waiting took its time
            if served is not None and served.name in {version.name for version in chosen}:
                raise StillServed(address=cluster.address, name=served.name)
            if chosen and not remove(cluster, chosen, served=served):
                raise DropOvertaken(address=cluster.address, names=[version.name for version in chosen])
        return [version.name for version in chosen]
    finally:
        cluster.close()


def _droppable(cluster: Cluster, versions: Versions, name: str) -> Version:
    found = {version.name: version for version in versions.all.values()}
    if name in versions.strangers:
        raise NotOurs(address=cluster.address, name=name, why=UNMARKED)
    if name not in found:
        raise NoSuchVersion(address=cluster.address, name=name, known=found)
    if found[name].is_served:
        raise StillServed(address=cluster.address, name=name)
    return found[name]


def _require_nobody(cluster: Cluster, version: Version, patience: float) -> None:
    """Raises: StillLoading. Whose ledger is closed is loaded by nobody: no loader gives a sign of life there."""
    with suppress(ClosedInCluster):
        if found := living(cluster, version, patience):
            raise StillLoading(address=cluster.address, name=version.name, loader=found[0])


def _dead_mark(cluster: Cluster, version: Version, patience: float) -> Row | None:
    """The mark of a publisher that died, if there is one: it is done with loading, and not seen as a loader any more.

    Raises: StillPublished, for one that lives.
    """
    rows, mark = LedgerIndex(cluster, ledger_name(version.name)), _mark(cluster, version.name)
    if mark is not None and (found := publisher(rows, patience=patience)):
        raise StillPublished(address=cluster.address, name=version.name, publisher=found.place)
    return mark


@contextmanager
def _shut(cluster: Cluster, marks: Mapping[str, Row | None]) -> Iterator[None]:
    """Have nobody publish these versions in the block, nor any more once they are removed in it: their ledgers lose
    the alias for writing, and then are looked at once more, for a mark that was set after `marks` were read.

    Who publishes does it in the other order, sets its mark and then moves the alias: so one of the two sees the other.
    Should we be killed here, the next writer gives the ledger its alias back.
    """
    _let_write(cluster, marks, may=False)
    try:
        for name, dead in marks.items():
            mark = _mark(cluster, name)
            if mark is not None and mark != dead:
                raise StillPublished(address=cluster.address, name=name, publisher=loader_of(mark).place)
        yield
    except BaseException:
        with suppress(IndexerError):  # the first error is the one to tell
            _let_write(cluster, marks, may=True)
        raise


def _mark(cluster: Cluster, name: str) -> Row | None:
    """None too where the ledger is closed, and takes none."""
    with suppress(ClosedInCluster):
        return LedgerIndex(cluster, ledger_name(name)).get(PUBLISHING)
    return None


def _let_write(cluster: Cluster, names: Collection[str], *, may: bool) -> None:
    ledgers = sorted({ledger_name(name) for name in names} & find_versions(cluster).names)
    actions = [{"add" if may else "remove": {"index": ledger, "alias": write_alias(ledger)}} for ledger in ledgers]
    if actions:
        doing = f"{'allow' if may else 'forbid'} to write to {' and '.join(ledgers)}"
        cluster.request("POST", "/_aliases", {"actions": actions}, ignore=() if may else (404,), doing=doing)
