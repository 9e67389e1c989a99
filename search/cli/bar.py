"""A progress bar on stderr, where that is a terminal; silence elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

Show: TypeAlias = Callable[[float, str], None]
"""Takes how much is done, in units of the total, and a line of text."""


@contextmanager
def bar(total: float) -> Iterator[Show]:
    """A function that moves the bar; it is wiped off when the work ends, and does nothing without a terminal."""
    if not sys.stderr.isatty():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task("", total=total)
        yield lambda done, text: drawn.update(task, completed=done, description=text)


def _silent(done: float, text: str) -> None:
    """Nobody watches."""
