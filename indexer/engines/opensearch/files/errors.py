"""What can go wrong with files of documents."""

from collections.abc import Iterable

from indexer.errors import IndexerError


class NotOurFiles(IndexerError):
    """A folder holds something else than files of ours."""

    def __init__(self, *, folder: object, found: Iterable[str]) -> None:
        named = ", ".join(sorted(found)[:3])
        super().__init__(
            f"The folder '{folder}' holds something else ({named}) and is left as it is. Name an empty or a new folder."
        )


class WrittenOtherwise(IndexerError):
    """A folder holds files of another shape or model than those that are to join them."""

    def __init__(self, *, folder: object, stored: str, asked: str) -> None:
        super().__init__(
            f"The folder '{folder}' was begun with {stored}, and now {asked} is asked for. Give the same options as "
            "then to go on, or name another folder."
        )


class FilesBusy(IndexerError):
    """Another process is writing to the folder."""

    def __init__(self, *, folder: object) -> None:
        super().__init__(
            f"Another process is writing to the folder '{folder}', and only one may at a time. "
            "Wait until it is done, then run this again; or name another folder."
        )


class UnwritableFiles(IndexerError):
    """The disk is full, or the folder or pipe cannot be written to."""

    def __init__(self, *, to: object, reason: object) -> None:
        super().__init__(
            f"Nothing more can be written to '{to}': {reason}. What was finished stays; run the same command again to "
            "go on."
        )
