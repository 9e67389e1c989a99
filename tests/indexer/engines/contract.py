"""How the contract tests open an index of each engine, and what they put in. Add an engine: one row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.article import Article
from indexer.engines import open_reader, open_writer
from indexer.engines.protocol import Reader, VectorSpace, Writer
from indexer.queries import Lexical, Nearest, Query
from tests.doubles import ListIndex

SPACE = VectorSpace(model="test", fingerprint="f" * 16, dimension=8, similarity="ip")
COSINE = replace(SPACE, similarity="cosine")


@dataclass
class Engine:
    """How to open one index of the engine under test, as often as needed."""

    writer: Callable[[VectorSpace | None], Writer]
    reader: Callable[[], Reader]


def _folder(tmp_path: Path) -> Engine:
    location = str(tmp_path / "index")
    return Engine(lambda space: open_writer(location, space=space), lambda: open_reader(location))


def _memory(tmp_path: Path) -> Engine:
    index = ListIndex()

    def write(space: VectorSpace | None) -> Writer:
        index.space = index.space or space
        return index.open_writer()

    return Engine(write, index.open_reader)


ENGINES: dict[str, Callable[[Path], Engine]] = {"embedded": _folder, "memory": _memory}


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
