"""Being written."""

from collections.abc import Iterator

from indexer.sources.records import Item, Place


def recognises(head: bytes) -> bool:
    """Not yet."""
    return False


def is_abstract_format(head: bytes) -> bool:
    """Not yet."""
    return False


def parse(contents: Iterator[bytes], place: Place) -> Iterator[Item]:
    """Not yet."""
    raise NotImplementedError
