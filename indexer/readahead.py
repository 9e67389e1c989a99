"""Make the next chunk in another thread while this one is used: read while encoding, encode while writing."""

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from indexer.sources import BrokenSource

T = TypeVar("T")


def chunks(
    items: Iterator[T], size: int, *, read: Callable[[], int] = lambda: 0, most: int = 1
) -> Generator[list[T], None, None]:
    """Lists of `size` items, the last one shorter; one list is read ahead.

    A list ends earlier once `read()`, the bytes read for all items so far, has grown by `most`.
    What was whole before a break comes first, then BrokenSource is raised. Any other error of `items` is raised
    here at once. The thread ends with this iterator, also when it is closed early.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-ahead") as pool:
        reading = pool.submit(_take, items, size, read, most)
        while True:
            chunk, end = reading.result()
            if end is None:
                reading = pool.submit(_take, items, size, read, most)
            if chunk:
                yield chunk
            if isinstance(end, BrokenSource):
                raise end
            if end is not None:
                return


def _take(
    items: Iterator[T], size: int, read: Callable[[], int], most: int
) -> tuple[list[T], BrokenSource | StopIteration | None]:
    """The next items, and how `items` ended if it did."""
    chunk: list[T] = []
    full = read() + most
    try:
        while len(chunk) < size and read() < full:
            chunk.append(next(items))
    except (BrokenSource, StopIteration) as end:
        return chunk, end
    return chunk, None
