"""What can go wrong with a model: one base, `ModelError`, and a kind for each thing that happens."""


class ModelError(Exception):
    """A model cannot be found, exported, verified or run; the message says what to do next."""
