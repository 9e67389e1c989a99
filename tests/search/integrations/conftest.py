"""A tiny real index, and libraries that are told by their own switches to report nothing to anyone."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from search import Searcher, SearcherOptions, open_searcher
from tests.onnx_models import checkpoints
from tests.search.integrations.invented import make_index

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"  # read when haystack is imported, which test modules do at their top
os.environ["LANGSMITH_TRACING"] = "false"
os.environ["LANGCHAIN_TRACING_V2"] = "false"


@pytest.fixture(autouse=True)
def _nothing_leaves_this_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody asks for the address of another machine: a library that reports home would, and hide that it failed."""
    asked: list[object] = []
    real = socket.getaddrinfo

    def at_home(host: Any, *what: Any, **more: Any) -> Any:
        if host in ("localhost", "127.0.0.1"):
            return real(host, *what, **more)
        asked.append(host)
        raise OSError("only this machine in this test")

    monkeypatch.setattr(socket, "getaddrinfo", at_home)
    yield
    assert asked == []


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    checkpoints.install(home, "medcpt")
    return home


@pytest.fixture(scope="package")
def index(home: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("index") / "invented")
    make_index(home, folder)
    return folder


@pytest.fixture(scope="package")
def searcher(home: Path, index: str) -> Iterator[Searcher]:
    with open_searcher(index, SearcherOptions(home=home)) as found:
        yield found
