"""Reading ahead: chunks, what comes before a break, and the thread's end."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from indexer.readahead import chunks
from indexer.sources import BrokenSource


def breaks_after(count: int, error: Exception) -> Iterator[int]:
    yield from range(count)
    raise error


def gather(found: Iterator[list[int]], into: list[int]) -> None:
    for chunk in found:
        into += chunk


def readers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("read-ahead")]


@pytest.mark.parametrize(
    ("count", "found"), [(0, []), (2, [[0, 1]]), (3, [[0, 1, 2]]), (7, [[0, 1, 2], [3, 4, 5], [6]])]
)
def test_items_come_in_order_and_the_last_chunk_is_shorter(count: int, found: list[list[int]]) -> None:
    assert list(chunks(iter(range(count)), 3)) == found
    assert readers() == []


@pytest.mark.parametrize("count", [0, 2, 3, 4])
def test_what_was_whole_comes_before_the_break(count: int) -> None:
    got: list[int] = []
    broken = BrokenSource(Path("a"), count + 1, "torn")
    with pytest.raises(BrokenSource, match="torn"):
        gather(chunks(breaks_after(count, broken), 3), got)
    assert got == list(range(count))
    assert readers() == []


def test_any_other_error_comes_through_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        list(chunks(breaks_after(5, ZeroDivisionError()), 3))
    assert readers() == []


def test_the_thread_ends_when_nobody_reads_on() -> None:
    with closing(chunks(iter(range(1_000_000)), 10)) as found:
        assert next(found) == list(range(10))
        assert len(readers()) == 1
    assert readers() == []


def test_a_chunk_ends_early_once_much_was_read_for_it() -> None:
    read = 0

    def records() -> Iterator[int]:
        nonlocal read
        for size in (5, 5, 5, 30, 1, 1, 1, 1):
            read += size
            yield size

    assert list(chunks(records(), 4, read=lambda: read, most=10)) == [[5, 5], [5, 30], [1, 1, 1, 1]]
    assert readers() == []
