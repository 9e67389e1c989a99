"""Writes an index in a cluster."""

from indexer.engines.location import Location
from indexer.engines.protocol import VectorSpace
from indexer.engines.writing import WriteOptions


class OpenSearchWriter:
    """A `Writer` of the served version, or of the one that is being loaded."""

    def __init__(self, location: Location, space: VectorSpace | None, *, make: bool, options: WriteOptions) -> None:
        raise NotImplementedError
