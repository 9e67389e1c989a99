"""Items come as they would without a thread."""

import threading
from collections.abc import Iterator

import pytest

from onnx_models.training.read_ahead import ahead


def counted(made: list[int], count: int) -> Iterator[int]:
    for number in range(count):
        made.append(number)
        yield number


def test_all_items_come_in_order() -> None:
    assert list(ahead(range(100))) == list(range(100))
    assert list(ahead([])) == []


def test_no_more_is_made_than_the_depth_before_it_is_asked_for() -> None:
    made: list[int] = []
    items = ahead(counted(made, 10), depth=2)
    assert [next(items) for _ in range(3)] == [0, 1, 2]
    items.close()  # type: ignore[attr-defined]
    assert 3 <= len(made) <= 5


def test_an_error_comes_where_the_item_would_have_come() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("the second")

    items = ahead(broken())
    assert next(items) == 1
    with pytest.raises(ValueError, match="the second"):
        next(items)


def test_closing_leaves_no_thread_behind() -> None:
    items = ahead(iter(range(10)))
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert [thread for thread in threading.enumerate() if thread.name.startswith("read-ahead")] == []
