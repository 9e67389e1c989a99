"""The ledger of an index in a cluster: one document a file begun, finished or first seen, in an index beside it."""

from indexer.engines.location import Location
from indexer.ledger import Ledger


def open_cluster_ledger(location: Location) -> Ledger:
    """The ledger of the version that is served, else of the one being loaded: for reading only."""
    raise NotImplementedError
