"""The progress bar: on a terminal, and nowhere else."""

import io
import logging
import sys
from collections.abc import Iterator

import pytest

from search.cli import logs
from search.cli.bar import bar


class Terminal(io.StringIO):
    """A terminal that keeps what is written."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    """As it is, and was after the test."""
    handlers, level = logging.root.handlers[:], logging.root.level
    yield logging.root
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


def test_a_terminal_sees_the_line_of_text(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with bar(10) as show:
        show(5, "5 of 10 rows")
    assert "5 of 10 rows" in screen.getvalue()


def test_a_file_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    with bar(10) as show:
        show(5, "5 of 10 rows")
    assert log.getvalue() == ""


def test_a_warning_stands_above_the_bar(monkeypatch: pytest.MonkeyPatch, root_logger: logging.Logger) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    logs.configure(0)
    with bar(10) as show:
        show(5, "5 of 10 rows")
        root_logger.warning("Waiting for the cluster.")
        show(6, "6 of 10 rows")
    erased, _, rest = screen.getvalue().partition("Waiting for the cluster.")
    assert erased.endswith("\x1b[2K")  # the line that held the bar
    assert rest.startswith("\n")
    assert "6 of 10 rows" in rest
    root_logger.warning("And after it.")
    assert screen.getvalue().endswith("And after it.\n")
