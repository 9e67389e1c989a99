"""Make the next chunk in another thread while this one is used: read while encoding, encode while writing."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from indexer.sources import BrokenSource

T = TypeVar("T")


def chunks(items: Iterator[T], size: int) -> Generator[list[T], None, None]:
    """Lists of `size` items, the last one shorter; one list is read ahead.

    What was whole before a break comes first, then BrokenSource is raised. Any other error of `items` is raised
    here at once. The thread ends with this iterator, also when it is closed early.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead") as pool:
        reading = pool.submit(_take, items, size)
        while True:
            chunk, broken = reading.result()
            ended = broken is not None or len(chunk) < size
            if not ended:
                reading = pool.submit(_take, items, size)
            if chunk:
                yield chunk
            if broken is not None:
                raise broken
            if ended:
                return


def _take(items: Iterator[T], size: int) -> tuple[list[T], BrokenSource | None]:
    chunk: list[T] = []
    try:
        for item in islice(items, size):
            chunk.append(item)  # extend need not keep what came before an error
    except BrokenSource as error:
        return chunk, error
    return chunk, None
