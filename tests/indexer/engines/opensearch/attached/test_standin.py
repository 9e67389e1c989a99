"""What a side-car keeps of a document changes when the document does, and never by itself."""

from dataclasses import replace

from indexer.article_json import record_digest
from indexer.engines.opensearch.attached.leaves import leaves
from indexer.engines.opensearch.attached.standin import stand_in
from indexer.engines.opensearch.attached.translate import Fields
from tests.indexer.attach import museum


def test_a_record_is_the_same_whatever_order_a_cluster_gives_the_filters_back_in() -> None:
    """A cluster keeps the map in a mapping's `_meta`, whose keys come back in an order of its own."""
    turned = replace(museum.MAP, filters=dict(reversed(list(museum.MAP.filters.items()))))
    assert list(turned.filters) != list(museum.MAP.filters)
    digests = {
        record_digest(stand_in("1", museum.tool(4), Fields(map, leaves(museum.MAPPING)), order=1))
        for map in (museum.MAP, turned)
    }
    assert len(digests) == 1
