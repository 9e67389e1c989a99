"""The ledger of an index in a cluster, shared by all who load it: which files are begun, finished or first seen."""

import hashlib
from collections.abc import Mapping, Set
from dataclasses import asdict
from typing import Any

from indexer.engines.location import Location
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.loading.ledger_index import LedgerIndex, Row
from indexer.engines.opensearch.loading.versions import find_versions, ledger_name
from indexer.engines.opensearch.storing.patience import Patience
from indexer.errors import DamagedIndex, NoIndex
from indexer.ledger import FileEntry, entry_of
from indexer.order import Stamp, arrival_of, pack, version_of

BEGUN, FINISHED, ARRIVAL, NEWEST = "begun", "finished", "arrival", "newest-arrival"
"""Kinds of documents."""


class ClusterLedger:
    """The ledger of one version; what another process writes is seen at once.

    A number is given by changing the one document NEWEST, which names the file that got the last one; whoever reads it
    first makes sure that the file's own document exists. So no number is lost or given twice, whoever dies when.
    """

    def __init__(self, cluster: Cluster, index: str, *, patience: Patience | None = None) -> None:
        """`index`: the name of the version (`pubmed-v1`); `patience`: with troubles that pass, None for none."""
        self._cluster, self._index = cluster, index
        self._rows = LedgerIndex(cluster, ledger_name(index), patience=patience)
        self._begun: set[tuple[str, str]] = set()
        self._numbers: dict[tuple[str, str], int] = {}

    def find(self, name: str, digest: str) -> FileEntry | None:
        """The entry of this name and digest, whoever wrote it."""
        row = self._rows.get(_id(FINISHED, name, digest))
        return None if row is None else self._entry(row)

    def arrival(self, name: str, digest: str) -> int:
        """The sequence number of an unnumbered file; stored before any record can carry it."""
        return self._numbered(name, digest, None)

    def arrivals(self) -> Mapping[tuple[str, str], int]:
        """Every number given or taken over, the newest too if its giver has died since."""
        numbers: dict[tuple[str, str], int] = {}
        for row in self._rows.all(ARRIVAL, NEWEST):
            numbers[self._file(row)] = self._number(row)
        return numbers

    def adopt(self, name: str, digest: str, sequence: int) -> None:
        """Take over a number, unless the file has one."""
        self._numbered(name, digest, sequence)

    def begin(self, name: str, digest: str) -> None:
        """Record a file as begun, once."""
        if (name, digest) not in self._begun:
            self._rows.create(_id(BEGUN, name, digest), BEGUN, {"name": name, "digest": digest})
            self._begun.add((name, digest))

    def begun(self) -> Set[tuple[str, str]]:
        """(name, digest) of every file that anyone began, finished or not."""
        return frozenset(self._file(row) for row in self._rows.all(BEGUN, FINISHED))

    def tick(self, entry: FileEntry) -> None:
        """Record a file as finished."""
        self._rows.put(_id(FINISHED, entry.name, entry.digest), FINISHED, asdict(entry))

    def entries(self) -> list[FileEntry]:
        """Every finished file, oldest first, each name and digest once."""
        return [self._entry(row) for row in self._rows.all(FINISHED)]

    def close(self) -> None:
        """Let go of the connections. Those of a writer's ledger are the writer's, which closes them itself."""
        self._cluster.close()

    def _numbered(self, name: str, digest: str, wanted: int | None) -> int:
        """The number of a file: the one that it has, else `wanted`, else the next."""
        file = (name, digest)
        while file not in self._numbers:
            newest = self._rows.get(NEWEST)
            if newest is not None:
                self._rows.create(_id(ARRIVAL, *self._file(newest)), ARRIVAL, newest.said)
            highest = self._highest_stored() if newest is None else self._number(newest)
            known = self._rows.get(_id(ARRIVAL, name, digest))
            said = {"name": name, "digest": digest, "arrival": wanted or highest + 1}
            if known is not None:
                self._numbers[file] = self._number(known)
            elif wanted is not None and wanted <= highest:
                self._rows.create(_id(ARRIVAL, name, digest), ARRIVAL, said)
            elif newest is None:
                self._rows.create(NEWEST, NEWEST, said)
            else:
                self._rows.put(NEWEST, NEWEST, said, after=newest)
        return self._numbers[file]

    def _highest_stored(self) -> int:
        """The highest number that a stored record carries, for a ledger that was lost; 0 for none.

        An order begins with the PMID version: the newest record of each version is looked at.
        """
        doing, lenient = f"read the highest order of {self._index!r}", {"ignore_unavailable": "true"}
        self._cluster.request("POST", f"/{self._index}/_refresh", params=lenient, doing=doing)
        path, params = f"/{self._index}/_search", {"allow_partial_search_results": "false", **lenient}
        body: dict[str, Any] = {"size": 1, "sort": [{"order": "desc"}], "_source": False}
        highest = 0
        while hits := self._cluster.request("POST", path, body, params=params, doing=doing)["hits"]["hits"]:
            (order,) = hits[0]["sort"]
            highest = max(highest, arrival_of(order))
            body["search_after"] = [pack(Stamp(0, 0), version=version_of(order))]
        return highest

    def _entry(self, row: Row) -> FileEntry:
        try:
            return entry_of(row.said)
        except ValueError as error:
            raise self._damaged(row, error) from error

    def _file(self, row: Row) -> tuple[str, str]:
        entry = self._entry(row)
        return entry.name, entry.digest

    def _number(self, row: Row) -> int:
        number: Any = row.said.get("arrival")
        if type(number) is not int or number < 1:
            raise self._damaged(row, f"{number!r} is no sequence number")
        return number

    def _damaged(self, row: Row, reason: object) -> DamagedIndex:
        return DamagedIndex(location=self._rows.name, reason=f"document {row.id!r} was changed: {reason}")


def open_cluster_ledger(location: Location) -> ClusterLedger:
    """The ledger of the version that is served, else of the one being loaded: for reading only.

    Raises: NoIndex, where there is neither.
    """
    cluster = Cluster(address.parse(location.name), location.access)
    try:
        version = find_versions(cluster).read
        if version is None:
            raise NoIndex(location=location)
    except BaseException:
        cluster.close()
        raise
    return ClusterLedger(cluster, version.name)


def _id(kind: str, name: str, digest: str) -> str:
    """The same for every process; digests first, so that no name can stand for another pair."""
    return f"{kind}-{hashlib.sha256(f'{digest} {name}'.encode()).hexdigest()}"
