"""What can go wrong with connectors."""

from indexer.engines.location import without_secrets
from indexer.errors import IndexerError


class ForeignConnector(IndexerError):
    """A connector or a model has a name that we would use, and is not ours."""

    def __init__(self, *, address: object, what: str, name: str) -> None:
        super().__init__(
            f"The {what} {name!r} at {str(address)!r} was not made by biocpt, and is left untouched. "
            "Rename or remove it first."
        )


class NoMachineLearning(IndexerError):
    """The cluster has no ml-commons."""

    def __init__(self, *, address: object) -> None:
        super().__init__(
            f"The cluster at {str(address)!r} has no plugin 'opensearch-ml', which asks model servers. Install it with "
            "`opensearch-plugin install`, or send vectors yourself (docs/pipelines.md)."
        )


class UnusableServer(IndexerError):
    """The model server's URL is none that a cluster can ask."""

    def __init__(self, *, url: str, why: str) -> None:
        super().__init__(
            f"No model server can be at {without_secrets(url)[:200]!r}: {why}. Name one such as http://127.0.0.1:8808."
        )


class NotInstalled(IndexerError):
    """Models that are asked for are not there."""

    def __init__(self, *, address: object, name: str) -> None:
        super().__init__(
            f"The cluster at {str(address)!r} has no model {name!r}. Install it: `biocpt connector install`."
        )


class NotDeployed(IndexerError):
    """A model is registered, and does not come to answer."""

    def __init__(self, *, name: str, state: str, seconds: float) -> None:
        super().__init__(
            f"The model {name!r} was not deployed within {seconds:.0f} s; its state is {state!r}. Look at the "
            "cluster's log, and run the command again."
        )


class KeyRefused(IndexerError):
    """The model server asks for another key than the connector brings."""

    def __init__(self, *, name: str) -> None:
        super().__init__(
            f"The model server refuses the key that the connector {name!r} brings (401). Put the right one in "
            "BIOCPT_SERVE_KEY, and run `biocpt connector install --force`."
        )


class BadPrediction(IndexerError):
    """The cluster answered for the model, but not with what the model gives."""

    def __init__(self, *, name: str, why: str) -> None:
        super().__init__(
            f"The model {name!r} answers, but {why}. Check that --server names a `biocpt serve` with this model set, "
            "then run `biocpt connector install` again."
        )
