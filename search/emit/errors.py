"""What can go wrong where requests are emitted."""

from search.errors import InvalidRequest


class NoRequests(InvalidRequest):
    """Requests to a cluster were asked for, and the index is searched without, or with more than requests."""

    def __init__(self, location: str) -> None:
        why = "is a folder, which takes no requests" if "://" not in location else "is not asked by requests alone"
        super().__init__(
            f"Index {location!r} {why}: --emit needs the URL of an index in OpenSearch that biocpt made. "
            "`biocpt copy` puts an index there; --emit elasticsearch needs no cluster."
        )
