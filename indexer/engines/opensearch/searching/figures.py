"""What an index in a cluster holds, in figures."""

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.contents.documents import DATE, DELETED, HAS_VECTOR, NOT_DELETED
from indexer.engines.opensearch.loading.versions import Version
from indexer.engines.opensearch.pipelines.defaults import PLAIN
from indexer.engines.protocol import IndexInfo
from indexer.nlm_date import iso_date

_COUNTS = {
    "articles": {"filter": NOT_DELETED},
    "tombstones": {"filter": DELETED},
    "vectors": {"filter": HAS_VECTOR},
    "date": {"max": {"field": DATE}},
}


def figures(cluster: Cluster, version: Version) -> IndexInfo:
    """Counts of what searches see; bytes of the primary shards, without the ledger beside them."""
    doing = f"count what {version.name!r} holds"
    said = cluster.request(
        "POST",
        f"/{version.name}/_search",
        {"size": 0, "track_total_hits": False, "aggs": _COUNTS},
        params={**PLAIN, "allow_partial_search_results": "false", "filter_path": "aggregations"},
        doing=doing,
    )["aggregations"]
    sizes = cluster.request(
        "GET",
        f"/{version.name}/_stats/store",
        params={"filter_path": "_all.primaries.store.size_in_bytes"},
        doing=doing,
    )
    date = said["date"]["value"]
    return IndexInfo(
        location=str(cluster.address),
        engine="opensearch",
        format=version.meta.format,
        articles=said["articles"]["doc_count"],
        vectors=said["vectors"]["doc_count"],
        tombstones=said["tombstones"]["doc_count"],
        space=version.meta.space,
        data_date="" if date is None else iso_date(int(date)),
        bytes=sizes["_all"]["primaries"]["store"]["size_in_bytes"],
        state="served" if version.is_served else "being loaded",
    )
