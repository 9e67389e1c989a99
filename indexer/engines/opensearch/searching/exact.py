"""When vectors are compared one by one: where a filter leaves so few that a graph would cost more and may miss some."""

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.contents.documents import HAS_VECTOR, Clause
from indexer.engines.opensearch.pipelines.defaults import PLAIN
from indexer.queries import Query

MOST_EXACT = 10_000
"""Vectors that are compared one by one for a question."""

_FILTERS_KEPT = 1_000


class Selectivity:
    """Which filters leave few vectors: asked of the cluster once a filter, and kept."""

    def __init__(
        self, cluster: Cluster, index: str, most: int = MOST_EXACT, *, has_vector: Clause = HAS_VECTOR
    ) -> None:
        self._cluster, self._index, self._most, self._has_vector = cluster, index, most, has_vector
        self._few: dict[Query | None, bool] = {}

    @property
    def limit(self) -> int:
        """To count as few, so many at most."""
        return self._most

    def is_few(self, within: Query | None, clause: Clause | None) -> bool:
        """Whether `within` (`clause` for the cluster; None: no filter) leaves at most `limit` vectors."""
        known = self._few.get(within)
        if known is not None:
            return known
        if len(self._few) >= _FILTERS_KEPT:
            self._few.clear()
        few = self._count(clause) <= self._most
        self._few[within] = few
        return few

    def outgrown(self, within: Query | None) -> None:
        """A search saw more than `limit`: the index has grown since they were counted."""
        self._few[within] = False

    def _count(self, clause: Clause | None) -> int:
        """How many there are, up to one more than the limit."""
        filters = [self._has_vector] if clause is None else [self._has_vector, clause]
        said = self._cluster.request(
            "POST",
            f"/{self._index}/_search",
            {"size": 0, "track_total_hits": self._most + 1, "query": {"bool": {"filter": filters}}},
            params={**PLAIN, "filter_path": "hits.total.value"},
            doing=f"count the vectors of {self._index!r}",
        )
        return int(said["hits"]["total"]["value"])
