"""What can go wrong with a cluster; each message says what happened, the value, and what to do next."""

from indexer.errors import IndexerError


class UnusableAddress(IndexerError):
    """A URL names no index that a cluster can hold."""

    def __init__(self, *, location: str, why: str) -> None:
        super().__init__(
            f"No index can be at {location[:200]!r}: {why}. A cluster's index is named https://host:9200/pubmed."
        )


class ClusterUnreachable(IndexerError):
    """No node of the cluster answers."""

    def __init__(self, *, address: object, reason: object) -> None:
        super().__init__(
            f"No node answers at {str(address)!r} ({reason}). Check host, port and http or https; "
            "a load that was under way goes on when the same command is run again."
        )


class RequestRefused(IndexerError):
    """The cluster answered a request with an error that no other kind here names."""

    def __init__(self, *, address: object, status: int, kind: str, reason: str, doing: str) -> None:
        self.status, self.kind, self.reason = status, kind, reason
        super().__init__(f"The cluster at {str(address)!r} refused to {doing}: {reason} ({status}, {kind}).")
