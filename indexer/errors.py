"""What can go wrong with sources and indexes: one base, `IndexerError`, and a kind for each thing that happens."""


class IndexerError(Exception):
    """A source cannot be read or an index cannot be opened, written or asked; the message says what to do next."""
