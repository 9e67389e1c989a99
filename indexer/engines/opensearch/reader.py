"""Answers questions about an index in a cluster."""

from indexer.engines.location import Location


class OpenSearchReader:
    """A `Reader` of the version that the alias serves; of the one being loaded where none is served yet."""

    def __init__(self, location: Location) -> None:
        raise NotImplementedError
