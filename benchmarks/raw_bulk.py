"""Bulk requests posted as they are, with nothing but `http.client`: what loading is held against."""

import http.client
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from indexer.engines.opensearch.storing.bulk import ANSWER


def post(url: str, index: str, bodies: Sequence[bytes], *, connections: int) -> None:
    """All of them, over so many connections that each take every n-th.

    Raises:
        SystemExit: the server refused a document.
    """
    where = urlsplit(url)

    def post_some(mine: Sequence[bytes]) -> None:
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=300)
        for body in mine:
            path = f"/{index}/_bulk?filter_path={ANSWER}"
            connection.request("POST", path, body, {"Content-Type": "application/x-ndjson"})
            if json.loads(connection.getresponse().read())["errors"]:
                raise SystemExit(f"raw requests to {index!r}: the server refused a document")
        connection.close()

    with ThreadPoolExecutor(connections) as threads:
        list(threads.map(post_some, [bodies[place::connections] for place in range(connections)]))
