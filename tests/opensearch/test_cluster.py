"""Three nodes are one green cluster, and stay an answering one when the holder of a primary is killed."""

import pytest

from tests.opensearch.cluster import Cluster

pytestmark = pytest.mark.slow


def test_a_cluster_survives_the_kill_of_the_node_with_the_primary(cluster: Cluster, fresh_index: str) -> None:
    assert cluster.server.ask("GET", "/_cluster/health")["number_of_nodes"] == 3
    cluster.server.ask("PUT", f"/{fresh_index}", {"settings": {"number_of_shards": 1, "number_of_replicas": 1}})
    cluster.wait_green()
    cluster.server.ask("PUT", f"/{fresh_index}/_doc/1", {"title": "before"})

    holder = cluster.holder_of_primary(fresh_index)
    holder.kill()
    assert holder not in cluster.running
    cluster.server.ask("PUT", f"/{fresh_index}/_doc/2", {"title": "after"})
    assert cluster.holder_of_primary(fresh_index) is not holder

    cluster.start()
    assert len(cluster.running) == 3
    cluster.server.ask("POST", f"/{fresh_index}/_refresh")
    assert [node.ask("GET", f"/{fresh_index}/_count")["count"] for node in cluster.nodes] == [2, 2, 2]
