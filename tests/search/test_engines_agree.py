"""The same two lists, fused and re-ranked over each engine, give one order: what stores the articles is no matter."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.article import Article
from indexer.engines.protocol import IndexInfo, Reader, Row
from indexer.queries import Hit, Probe, best_first
from onnx_models.reranker import RerankerKind
from search.request import SearchRequest
from search.searcher import Searcher
from tests.doubles import HashEncoder, ListIndex
from tests.indexer.engines.contract import ALL, an_index, load

ENCODER = HashEncoder(dimension=8)
COUNT = 80


class FixedLists:
    """A reader of a real index whose lists are given."""

    def __init__(self, index: Reader, lists: list[list[Hit]]) -> None:
        self._index, self._lists = index, lists

    def info(self, *, versions: bool = True) -> IndexInfo:
        return self._index.info(versions=versions)

    def search(self, probes: Sequence[Probe]) -> list[list[Hit]]:
        return self._lists

    def fetch(self, ids: Sequence[str]) -> list[Article | None]:
        return self._index.fetch(ids)

    def vectors(self, ids: Sequence[str]) -> list[NDArray[np.float32] | None]:
        return self._index.vectors(ids)

    def rows(self) -> Iterator[Row]:
        return self._index.rows()

    def refresh(self) -> None:
        self._index.refresh()

    def close(self) -> None:
        self._index.close()


class SameWords:
    """A re-ranker that counts the question's words in title and abstract; many passages tie."""

    name = "same-words"
    kind: RerankerKind = "cross"

    def score(self, query: str, passages: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        wanted = set(query.split())
        return np.array([sum(word in wanted for word in f"{t} {a}".split()) for t, a in passages], np.float32)


def corpus() -> list[Article]:
    """Ids of several alphabets and lengths, titles that tie."""
    names = [f"{prefix}{n}" for n in range(COUNT // 4) for prefix in ("", "MED-", "é", "π")]
    words = ("heart", "valve", "lung", "gout")
    return [
        Article(id=id, order=1, title=f"{words[at % 4]} study", abstract=f"On {words[at // 4 % 4]} α-blockers.")
        for at, id in enumerate(names)
    ]


def lists() -> list[list[Hit]]:
    """A lexical and a dense list with ties inside and between them."""
    rng = np.random.default_rng(11)
    names = [article.id for article in corpus()]
    drawn = [rng.permutation(names)[:50] for _ in range(2)]
    return [best_first([Hit(str(id), float(rng.integers(1, 9))) for id in ids]) for ids in drawn]


@pytest.fixture(scope="module", params=ALL)
def reader(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with an_index(request, tmp_path_factory.mktemp("agree")) as engine:
        yield load(engine, corpus(), space=ENCODER.space)


@pytest.mark.parametrize("fusion", ["rrf", "interpolate"])
@pytest.mark.parametrize("mix", [None, 0.0, 0.5, 1.0], ids=["not re-ranked", "fused", "mixed", "re-ranked"])
def test_the_same_lists_give_the_same_order(reader: Reader, fusion: str, mix: float | None) -> None:
    request = SearchRequest(
        query="heart valve", fusion=fusion, rerank=mix is not None, rerank_mix=mix, rerank_depth=30, limit=100
    )
    found = Searcher(FixedLists(reader, lists()), ENCODER, SameWords()).search(request)
    wanted = Searcher(FixedLists(reference(), lists()), ENCODER, SameWords()).search(request)
    assert [(result.article, result.score) for result in found.results] == [
        (result.article, result.score) for result in wanted.results
    ]
    assert len(found.results) > 60


def reference() -> Reader:
    """The same articles in memory."""
    index = ListIndex(ENCODER.space)
    writer = index.open_writer()
    writer.write(corpus(), {})
    writer.commit()
    return index.open_reader()
