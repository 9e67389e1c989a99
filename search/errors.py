"""What can go wrong with a question: one base, `SearchError`, and a kind for each thing that happens."""


class SearchError(Exception):
    """A question cannot be answered as asked; the message says what to do next."""
