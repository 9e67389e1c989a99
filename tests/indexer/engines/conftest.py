"""The engine under test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.indexer.engines.contract import ALL, TRANSACTIONAL, Engine, an_index


@pytest.fixture(params=ALL)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    with an_index(request, tmp_path) as engine:
        yield engine


@pytest.fixture(params=TRANSACTIONAL)
def transactional(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine that has one writer at a time and shows whole commits alone."""
    with an_index(request, tmp_path) as engine:
        yield engine
