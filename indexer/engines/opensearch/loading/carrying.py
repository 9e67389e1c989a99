"""What a rebuild takes over from the version that is served: things that no source file says.

The numbers by which unnumbered files arrived, so that the same record of an article wins again; deletions by hand; and
the default search pipeline, which clients of the alias count on.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from indexer.deleting import SOURCE
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.contents.documents import DELETED, RECORD
from indexer.engines.opensearch.contents.write_alias import REQUIRED, write_alias
from indexer.engines.opensearch.loading.ledger import ClusterLedger
from indexer.engines.opensearch.loading.versions import Version, find_versions
from indexer.engines.opensearch.pipelines.defaults import PLAIN, carry_default
from indexer.engines.opensearch.storing.bulk import index_lines

AT_ONCE = 1_000
"""Tombstones of one request."""

_CONFLICT = 409


def take_over(cluster: Cluster, version: Version) -> None:
    """All; the numbers first, so that a file that comes next is newer than the deletions."""
    take_over_arrivals(cluster, version)
    take_over_deletions(cluster, version)
    take_over_default(cluster, version)


def take_over_arrivals(cluster: Cluster, version: Version) -> None:
    """Give the ledger of `version` the numbers of the served one's that it lacks."""
    served = _other_served(cluster, version)
    if served is None:
        return
    ledger = ClusterLedger(cluster, version.name)
    known, theirs = ledger.arrivals(), ClusterLedger(cluster, served.name).arrivals()
    for (name, digest), number in sorted(theirs.items(), key=lambda item: item[1]):
        if (name, digest) not in known:
            ledger.adopt(name, digest, number)


def take_over_deletions(cluster: Cluster, version: Version) -> None:
    """Store the tombstones of the served version that were made by hand, where nothing newer is stored."""
    served = _other_served(cluster, version)
    if served is None:
        return
    doing = f"carry deletions over into {version.name!r}"
    for page in _tombstones(cluster, served):
        by_hand = [source for source in page if source[RECORD]["source"] == SOURCE]
        lines = [index_lines(s["id"], orjson.dumps(s), version=s["order"]) for s in by_hand]
        if not lines:
            continue
        path = f"/{write_alias(version.name)}/_bulk"
        answer = cluster.request("POST", path, b"".join(lines), params=REQUIRED, doing=doing)
        for result in (item["index"] for item in answer["items"]):
            if result["status"] >= 400 and result["status"] != _CONFLICT:
                raise cluster.refused(result["status"], result["error"], doing=doing)


def take_over_default(cluster: Cluster, version: Version) -> None:
    """Have searches of `version` go through the default pipeline of the served one, unless it has one by itself."""
    served = _other_served(cluster, version)
    if served is not None:
        carry_default(cluster, old=served.name, new=version.name)


def _other_served(cluster: Cluster, version: Version) -> Version | None:
    served = find_versions(cluster).served
    return None if served is None or served.name == version.name else served


def _tombstones(cluster: Cluster, served: Version) -> Iterator[list[Mapping[str, Any]]]:
    body: dict[str, Any] = {"size": AT_ONCE, "query": DELETED, "sort": ["id"]}
    while True:
        answer = cluster.request(
            "POST",
            f"/{served.name}/_search",
            body,
            params={**PLAIN, "allow_partial_search_results": "false"},
            doing=f"read the deletions of {served.name!r}",
        )
        hits = answer["hits"]["hits"]
        yield [hit["_source"] for hit in hits]
        if len(hits) < AT_ONCE:
            return
        body["search_after"] = hits[-1]["sort"]
