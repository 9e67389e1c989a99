"""Run the command line in this process: quicker than a process of its own, with the same exit codes and lines."""

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from search.cli import main


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Command:
    """`biocpt`, called with the arguments that a user would type."""

    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str | Path) -> Answer:
        """Run it; warnings that it logs end with it."""
        handlers, level = logging.root.handlers[:], logging.root.level
        self.capsys.readouterr()
        try:
            with pytest.raises(SystemExit) as ended:
                main([str(argument) for argument in arguments])
        finally:
            logging.root.handlers[:] = handlers
            logging.root.setLevel(level)
        captured = self.capsys.readouterr()
        return Answer(int(ended.value.code or 0), captured.out, captured.err)


@pytest.fixture
def biocpt(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """`biocpt` as on a machine with no settings of ours: a fixture for a conftest.py."""
    for name in [name for name in os.environ if name.startswith("BIOCPT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", os.devnull)
    return Command(capsys)
