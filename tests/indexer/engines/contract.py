"""How the contract tests open an index of each engine, and what they put in. Add an engine: one row."""

import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.article import Article
from indexer.engines import open_reader, open_writer
from indexer.engines.protocol import Reader, VectorSpace, Writer
from indexer.queries import Lexical, Nearest, Query
from tests.doubles import ListIndex
from tests.opensearch.fixtures import tools_or_skip
from tests.opensearch.servers import Servers

SPACE = VectorSpace(model="test", fingerprint="f" * 16, dimension=8, similarity="ip")
COSINE = replace(SPACE, similarity="cosine")


@dataclass
class Engine:
    """How to open one index of the engine under test, as often as needed."""

    writer: Callable[[VectorSpace | None], Writer]
    reader: Callable[[], Reader]


@dataclass(frozen=True)
class Kind:
    """One engine: how to make an empty index of it, and what it promises beyond the rest."""

    make: Callable[[Path, Servers], AbstractContextManager[Engine]]
    is_transactional: bool
    """It has one writer at a time, its readers see whole commits alone, and what was not committed is dropped."""
    server: str = ""
    """The version of the server that it needs."""


@contextmanager
def _folder(tmp_path: Path, _: Servers) -> Iterator[Engine]:
    location = str(tmp_path / "index")
    yield Engine(lambda space: open_writer(location, space=space), lambda: open_reader(location))


@contextmanager
def _memory(_: Path, __: Servers) -> Iterator[Engine]:
    index = ListIndex()

    def write(space: VectorSpace | None) -> Writer:
        index.space = index.space or space
        return index.open_writer()

    yield Engine(write, index.open_reader)


@contextmanager
def _index(servers: Servers, version: str) -> Iterator[Engine]:
    """An index of a fresh name on a server; connections are closed and the index deleted at the end."""
    with tools_or_skip(os.environ):
        url = servers.at(version).url
    name = f"contract-{uuid.uuid4().hex[:12]}"
    location = f"{url}/{name}"
    with ExitStack() as opened:
        opened.callback(servers.delete, name)
        yield Engine(
            lambda space: opened.enter_context(closing(open_writer(location, space=space))),
            lambda: opened.enter_context(closing(open_reader(location))),
        )


def _cluster(version: str) -> Kind:
    return Kind(lambda _, servers: _index(servers, version), is_transactional=False, server=version)


ENGINES: dict[str, Kind] = {
    "embedded": Kind(_folder, is_transactional=True),
    "memory": Kind(_memory, is_transactional=True),
    "opensearch-2.19": _cluster("2.19.1"),
    "opensearch-3.6": _cluster("3.6.0"),
}

ALL = [pytest.param(name, marks=pytest.mark.opensearch if kind.server else ()) for name, kind in ENGINES.items()]
"""For a fixture's `params`: every engine, those that need a server marked so."""

TRANSACTIONAL = [name for name, kind in ENGINES.items() if kind.is_transactional]


@contextmanager
def an_index(request: pytest.FixtureRequest, folder: Path) -> Iterator[Engine]:
    """An empty index of the engine that a fixture's parameter names."""
    servers: Servers = request.getfixturevalue("servers")
    with ENGINES[request.param].make(folder, servers) as engine:
        yield engine


def article(id: str, title: str = "", order: int = 1, **facts: object) -> Article:
    return replace(Article(id=id, order=order, title=title or f"Report {id}"), **facts)  # type: ignore[arg-type]


def vector(seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(8).astype(np.float32)


def load(engine: Engine, articles: Sequence[Article], *, space: VectorSpace | None = SPACE) -> Reader:
    """An index of these articles, each with the vector of its place."""
    writer = engine.writer(space)
    vectors = {a.id: vector(place) for place, a in enumerate(articles)} if space else {}
    writer.write(articles, vectors)
    writer.commit()
    writer.close()
    return engine.reader()


def ids(reader: Reader, query: Query, k: int = 100, within: Query | None = None) -> list[str]:
    return [hit.id for hit in reader.search([Lexical(query, k, within)])[0]]


def nearest(reader: Reader, question: NDArray[np.float32], k: int = 100, within: Query | None = None) -> list[str]:
    return [hit.id for hit in reader.search([Nearest(question, k, within)])[0]]
