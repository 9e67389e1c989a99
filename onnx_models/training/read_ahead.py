"""Make the next items while the last one is worked on: texts are read into tokens while the networks compute."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

T = TypeVar("T")

_END: Final = object()


def ahead(items: Iterable[T], *, depth: int = 2) -> Iterator[T]:
    """The same items in the same order, made by one other thread, at most `depth` of them before they are asked for.

    What making them raises is raised where the item would have come; closing waits for those that are being made.
    """
    source = iter(items)
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as reader:
        coming = deque(reader.submit(next, source, _END) for _ in range(depth))
        while (item := coming.popleft().result()) is not _END:
            coming.append(reader.submit(next, source, _END))
            yield item  # type: ignore[misc]  # mypy does not tell the sentinel from T
