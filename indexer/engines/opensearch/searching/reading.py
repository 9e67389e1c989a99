"""Whole documents of an index: some by id, or all of them."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from typing import Any

from indexer.analysis import sound
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.lookup import look_up
from indexer.engines.opensearch.pipelines.defaults import PLAIN
from indexer.errors import IndexerError

AT_ONCE = 500
"""Documents of one answer: with 768 numbers each about 8 MB."""

KEPT_OPEN = "15m"
"""How long a cluster keeps the view of a whole-index read between two pages, while their rows are being used."""

Source = Mapping[str, Any]


def by_id(cluster: Cluster, index: str, ids: Iterable[str], **params: str) -> dict[str, Source]:
    """The `_source` of these ids as searches see them; unknown ids are absent.

    Args:
        cluster: to ask.
        index: its name.
        ids: any number; what cannot be an id is unknown.
        params: `_source_includes` or `_source_excludes`.
    """
    wanted = [id for id in dict.fromkeys(ids) if id and sound(id) == id]
    found: dict[str, Source] = {}
    for start in range(0, len(wanted), AT_ONCE):
        part, doing = wanted[start : start + AT_ONCE], f"read articles of {index!r}"
        documents = look_up(cluster, index, part, params={"realtime": "false", **params}, doing=doing)
        found |= {document["_id"]: document["_source"] for document in documents}
    return found


def everything(cluster: Cluster, index: str, shards: Sequence[int]) -> Iterator[Source]:
    """The `_source` of every document, a page at a time, shard by shard in the order in which they lie there.

    That order costs nothing; any other would have each page sort the whole index again.
    """
    for shard in shards:
        yield from _everything_of(cluster, index, shard)


def _everything_of(cluster: Cluster, index: str, shard: int) -> Iterator[Source]:
    with closing(shard_pages(cluster, index, shard, {}, lambda: AT_ONCE, doing=f"read all of {index!r}")) as pages:
        for hits in pages:
            yield from (hit["_source"] for hit in hits)


def shard_pages(
    cluster: Cluster, index: str, shard: int, asked: Mapping[str, Any], size: Callable[[], int], *, doing: str
) -> Generator[list[Mapping[str, Any]], None, None]:
    """The hits of one shard as it is now, a page at a time, in the order in which they lie there.

    The cluster lets go of this view when the generator is closed or dropped.

    Args:
        cluster: to ask.
        index: its name.
        shard: its number.
        asked: the rest of the body: which documents, and what of them; {} for all of all.
        size: of the next page, asked before each.
        doing: what this is for, in the words of errors.
    """
    opened = cluster.request(
        "POST",
        f"/{index}/_search/point_in_time",
        params={"keep_alive": KEPT_OPEN, "preference": f"_shards:{shard}", "allow_partial_pit_creation": "false"},
        doing=doing,
    )
    view, body = opened["pit_id"], {**asked, "sort": ["_doc"], "track_total_hits": False}
    try:
        while True:
            body |= {"size": size(), "pit": {"id": view, "keep_alive": KEPT_OPEN}}
            params = {**PLAIN, "allow_partial_search_results": "false"}
            said = cluster.request("POST", "/_search", body, params=params, doing=doing)
            view, hits = said["pit_id"], said["hits"]["hits"]
            if not hits:
                return
            body["search_after"] = hits[-1]["sort"]
            yield hits
    finally:
        with suppress(IndexerError):  # it goes by itself in the end
            cluster.request("DELETE", "/_search/point_in_time", {"pit_id": [view]}, doing=doing, ignore=(404,))
