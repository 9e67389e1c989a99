"""What a reader in a cluster would send for some probes: for others, who send it themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from indexer.engines.opensearch.connecting.address import Address
from indexer.engines.opensearch.connecting.capabilities import Capabilities, capabilities
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.connection_errors import MissingRight
from indexer.engines.opensearch.contents.documents import Clause
from indexer.engines.opensearch.searching.asking import Question
from indexer.queries import Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """The request of one `search`, and what belongs into others that are to find the same."""

    address: Address
    index: str
    """The name to ask: the alias, where that is served."""
    lists: bytes
    """The body of `POST /<index>/_msearch`, as it would be sent: one list a probe."""
    params: Mapping[str, str]
    """Of that request's URL."""
    clauses: Sequence[Clause]
    """The query of each probe, as other searches may hold it; vectors are found through their graph."""
    is_exact: bool
    """Whether `lists` compares vectors one by one, where `clauses` go through the graph."""
    hidden: str
    """The field that documents are better returned without: the vector."""
    gaps: Sequence[str]
    """What is not asked for, though it should be: sentences."""
    shards: int
    server: Capabilities | None
    """None, where who asks may not see it."""


def unsent(
    cluster: Cluster,
    pairs: Sequence[tuple[Question, Question]],
    *,
    index: str,
    shards: int,
    request: tuple[bytes, Mapping[str, str]],
    hidden: str,
) -> Unsent:
    """The same, put together; the cluster is asked what it is.

    Args:
        cluster: that is asked.
        pairs: each question as it is sent, and as it goes through the graph: the same where it does.
        index: as in `Unsent`; so are `shards` and `hidden`.
        request: the body and the parameters of `lists`.
    """
    return Unsent(
        address=cluster.address,
        index=index,
        lists=request[0],
        params=request[1],
        clauses=[graph.query for _, graph in pairs],
        is_exact=any(sent.query.keys() != graph.query.keys() for sent, graph in pairs),
        hidden=hidden,
        gaps=list(dict.fromkeys(sent.gap for sent, _ in pairs if sent.gap)),
        shards=shards,
        server=server_of(cluster),
    )


def server_of(cluster: Cluster) -> Capabilities | None:
    """What the cluster is; None for those who may search and nothing else."""
    try:
        return capabilities(cluster)
    except MissingRight:
        return None


@runtime_checkable
class Telling(Protocol):
    """A reader whose questions are requests that others can send too."""

    def would_send(self, probes: Sequence[Probe]) -> Unsent:
        """What `search` would send for these probes, each of a `k` of at least 1.

        Raises: IndexerError, where `search` would raise it before it sends anything.
        """
