"""What is done to a whole index: make writes durable, show them, merge segments."""

import time
from collections.abc import Callable
from contextlib import suppress

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.connection_errors import ClusterTimeout

SEGMENTS = 5
"""What a shard is merged into. One would be searched fastest, but a single merge of millions of vectors takes hours and
twice the room, and whatever is replaced afterwards stays in it."""

_DURABILITY = "index.translog.durability"
_POLL = 5.0


def make_durable(cluster: Cluster, index: str) -> None:
    """See that what was acknowledged is on the disk of each copy.

    The cluster syncs before it acknowledges, unless an operator set `index.translog.durability` to `async`: then it is
    asked to flush.
    """
    doing = f"read how durable writes to {index!r} are"
    found = cluster.request("GET", f"/{index}/_settings/{_DURABILITY}", doing=doing, params={"flat_settings": "true"})
    if any(said["settings"].get(_DURABILITY, "request") == "async" for said in found.values()):
        cluster.request("POST", f"/{index}/_flush", doing=f"flush {index!r}", params={"wait_if_ongoing": "true"})


def refresh(cluster: Cluster, index: str) -> None:
    """Let searches see all that was written."""
    cluster.request("POST", f"/{index}/_refresh", doing=f"refresh {index!r}")


def merge(cluster: Cluster, index: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Merge each shard into a few segments; may take hours, which no single request is given."""
    with suppress(ClusterTimeout):
        params = {"max_num_segments": str(SEGMENTS)}
        cluster.request("POST", f"/{index}/_forcemerge", doing=f"merge {index!r}", params=params)
    while _is_merging(cluster, index):
        sleep(_POLL)
    refresh(cluster, index)


def _is_merging(cluster: Cluster, index: str) -> bool:
    doing, params = f"ask whether {index!r} is being merged", {"filter_path": "_all.total.merges.current"}
    answer = cluster.request("GET", f"/{index}/_stats/merge", doing=doing, params=params)
    return bool(answer["_all"]["total"]["merges"]["current"])
