"""The progress bar: on a terminal, and nowhere else."""

import io
import sys

import pytest

from search.cli.bar import bar


class Terminal(io.StringIO):
    """A terminal that keeps what is written."""

    def isatty(self) -> bool:
        return True


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
