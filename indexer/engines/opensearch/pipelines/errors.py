"""What can go wrong with search pipelines."""

from indexer.errors import IndexerError


class ForeignPipeline(IndexerError):
    """A pipeline has a name that we would use, and is not ours."""

    def __init__(self, *, address: object, name: str) -> None:
        super().__init__(
            f"The search pipeline {name!r} at {str(address)!r} was not made by biocpt for this index, and is left "
            f"untouched. Rename or remove it first: DELETE /_search/pipeline/{name}"
        )


class NewerPipeline(IndexerError):
    """A pipeline was made by a later version of ours."""

    def __init__(self, *, address: object, name: str, found: int, known: int) -> None:
        super().__init__(
            f"The search pipeline {name!r} at {str(address)!r} has version {found}, and this biocpt knows {known}: "
            "a newer one made it, and it is left untouched. Upgrade biocpt, or write it anew with --force."
        )


class ForeignDefault(IndexerError):
    """The index has a default pipeline of somebody else's."""

    def __init__(self, *, address: object, index: str, name: str) -> None:
        super().__init__(
            f"{index!r} at {str(address)!r} has the default pipeline {name!r}, which is not of biocpt's making. "
            "To take its place give --force; `biocpt pipeline remove` puts it back."
        )


class UnsupportedPipeline(IndexerError):
    """The cluster's version lacks what a pipeline needs."""

    def __init__(self, *, address: object, name: str, needs: str, version: str, instead: str) -> None:
        super().__init__(
            f"The search pipeline {name!r} needs {needs}, and {str(address)!r} runs OpenSearch {version}. {instead}"
        )


class NothingToFuse(IndexerError):
    """The index holds no vectors, so there is one list."""

    def __init__(self, *, address: object) -> None:
        super().__init__(
            f"The index at {str(address)!r} holds no vectors, so there is nothing to fuse with BM25. "
            "Index again with a model (--rebuild --model NAME)."
        )


class NoPipelinesInFolders(IndexerError):
    """Search pipelines were asked for in a folder."""

    def __init__(self, *, location: object) -> None:
        super().__init__(
            f"The index at '{location}' is a folder; search pipelines belong to OpenSearch. "
            "Name the URL of an index there, such as https://host:9200/pubmed."
        )
