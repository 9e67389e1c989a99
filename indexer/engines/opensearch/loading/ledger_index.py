"""The small index beside a version: one document a file begun, finished or first seen, and one a loader.

Every write is on the disks of the shard's copies before it returns; those that others search for are visible too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.contents.write_alias import REQUIRED, write_alias
from indexer.engines.opensearch.errors import RequestRefused
from indexer.engines.opensearch.storing.patience import Patience, patiently

PAGE = 2_000
"""Documents that one search returns."""

PUBLISHING = "publishing"
"""Kind and id of the document that stands there from before a version is inspected and the alias is moved until all is
done that follows it: who does it, and what follows."""

PUBLISHED = "published"
"""Kind and id of the document that says that the alias once named the version."""

_CONFLICT, _MISSING = 409, 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One document, as it was read."""

    id: str
    said: Mapping[str, Any]
    seq_no: int
    primary_term: int


def ledger_body() -> dict[str, Any]:
    """The body that a ledger's index is made with: `kind` is searched, `said` is only stored."""
    return {
        "settings": {
            "index": {"number_of_shards": 1, "auto_expand_replicas": "0-1", "translog": {"durability": "request"}}
        },
        "mappings": {
            "dynamic": "strict",
            "_meta": {"biocpt-ledger": {"format": 1}},
            "properties": {"kind": {"type": "keyword"}, "said": {"type": "object", "enabled": False}},
        },
    }


class LedgerIndex:
    """Reads and writes the documents of one ledger's index.

    Whoever writes on a condition (`create`, `put` with `after`) must read again what became of it when told that it was
    not met: with `patience`, what was stored and whose answer was lost is tried again, and met by itself.
    """

    def __init__(self, cluster: Cluster, name: str, *, patience: Patience | None = None) -> None:
        """`patience`: with troubles that pass; None for none."""
        self._cluster, self.name, self._patience = cluster, name, patience

    def get(self, id: str) -> Row | None:
        """The newest state of a document, refreshed or not; None where there is none."""
        found = self._request(
            "GET", f"/{self.name}/_doc/{id}", ignore=(_MISSING,), doing=f"read the ledger {self.name!r}"
        )
        return _row(found) if found.get("found") else None

    def create(self, id: str, kind: str, said: Mapping[str, Any]) -> bool:
        """Store a new document; False, and nothing is changed, where there is one of this id."""
        return self._write("PUT", f"_create/{id}", {"kind": kind, "said": said}, {"refresh": "true"})

    def put(self, id: str, kind: str, said: Mapping[str, Any], *, after: Row | None = None) -> bool:
        """Store a document in place of what is there; False where that is not `after` any more."""
        return self._write("PUT", f"_doc/{id}", {"kind": kind, "said": said}, {"refresh": "true", **_only_after(after)})

    def update(self, id: str, said: Mapping[str, Any]) -> bool:
        """Change some of what a document says, seen by `get` at once and by `all` later; False where there is none."""
        doing, body = f"write to the ledger {self.name!r}", {"doc": {"said": said}}
        try:
            path, params = f"/{write_alias(self.name)}/_update/{id}", {"retry_on_conflict": "5", **REQUIRED}
            self._request("POST", path, body, params=params, doing=doing)
        except RequestRefused as error:
            if error.kind != "document_missing_exception":
                raise
            return False
        return True

    def delete(self, id: str, *, after: Row | None = None) -> None:
        """Remove a document, if it is there; with `after` only if it is still that."""
        self._request(
            "DELETE",
            f"/{self.name}/_doc/{id}",
            params={"refresh": "true", **_only_after(after)},
            ignore=(_MISSING,) if after is None else (_MISSING, _CONFLICT),
            doing=f"write to the ledger {self.name!r}",
        )

    def all(self, *kinds: str) -> Iterator[Row]:
        """Every document of these kinds, the one last written last."""
        after: list[Any] | None = None
        while True:
            body: dict[str, Any] = {"query": {"terms": {"kind": kinds}}, "size": PAGE, "sort": ["_seq_no"]}
            body |= {"seq_no_primary_term": True} | ({"search_after": after} if after else {})
            found = self._request(
                "POST",
                f"/{self.name}/_search",
                body,
                params={"allow_partial_search_results": "false"},
                ignore=(_MISSING,),
                doing=f"read the ledger {self.name!r}",
            )
            hits = found["hits"]["hits"] if "hits" in found else []
            yield from map(_row, hits)
            if len(hits) < PAGE:
                return
            after = hits[-1]["sort"]

    def _request(self, method: str, path: str, body: object = None, *, doing: str, **options: Any) -> Any:
        def ask() -> Any:
            return self._cluster.request(method, path, body, doing=doing, **options)

        return ask() if self._patience is None else patiently(ask, doing=doing, patience=self._patience)

    def _write(self, method: str, path: str, body: Mapping[str, Any], params: Mapping[str, str]) -> bool:
        doing = f"write to the ledger {self.name!r}"
        try:
            self._request(method, f"/{write_alias(self.name)}/{path}", body, params={**params, **REQUIRED}, doing=doing)
        except RequestRefused as error:
            if error.status != _CONFLICT:
                raise
            return False
        return True


def _only_after(row: Row | None) -> dict[str, str]:
    return {} if row is None else {"if_seq_no": str(row.seq_no), "if_primary_term": str(row.primary_term)}


def _row(found: Mapping[str, Any]) -> Row:
    return Row(
        id=found["_id"], said=found["_source"]["said"], seq_no=found["_seq_no"], primary_term=found["_primary_term"]
    )
