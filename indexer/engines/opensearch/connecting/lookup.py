"""Documents looked up by id, many in one request."""

from collections.abc import Mapping, Sequence
from typing import Any

from indexer.engines.opensearch.connecting.connection import Cluster

_LASTING = {"index_not_found_exception": 404, "index_closed_exception": 400}
"""Statuses of errors that stay; an answer about many ids gives its errors one by one and without a status."""
_PASSING = 503


def look_up(
    cluster: Cluster, index: str, ids: Sequence[str], *, params: Mapping[str, str], doing: str
) -> list[dict[str, Any]]:
    """The documents that there are, in the order asked, as the server describes each: `_id`, `_version`, `_source`.

    Raises: RequestRefused, as for a whole request, for the first document whose shard gave an error.
    """
    answer = cluster.request("POST", f"/{index}/_mget", {"ids": ids}, params=params, doing=doing)
    for document in answer["docs"]:
        if "error" in document:
            error = document["error"]
            raise cluster.refused(_LASTING.get(error.get("type"), _PASSING), error, doing=doing)
    return [document for document in answer["docs"] if document["found"]]
