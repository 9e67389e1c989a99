"""A tiny real index, and libraries that are told by their own switches to report nothing to anyone."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from search import Searcher, SearcherOptions, open_searcher
from tests.onnx_models import checkpoints
from tests.search.integrations.invented import make_index

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"  # read when haystack is imported, which test modules do at their top
os.environ["LANGSMITH_TRACING"] = "false"
os.environ["LANGCHAIN_TRACING_V2"] = "false"


@pytest.fixture(autouse=True)
def _nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody asks for an address or connects: a library that reports home would do both, and hide that it failed."""
    asked: list[object] = []

    def refuse(*what: object, **_: object) -> None:
        asked.append(what)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    yield
    assert asked == []


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    checkpoints.install(home, "medcpt")
    return home


@pytest.fixture(scope="package")
def index(home: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_index(home, tmp_path_factory.mktemp("index") / "invented")


@pytest.fixture(scope="package")
def searcher(home: Path, index: str) -> Iterator[Searcher]:
    with open_searcher(index, SearcherOptions(home=home)) as found:
        yield found
