"""The searcher: encode, retrieve, fuse, fetch, re-rank. `search.opening.open_searcher` wires one."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from indexer.article import Article
from indexer.engines.protocol import Reader
from indexer.queries import Hit, Nearest
from onnx_models.encoder import Encoder
from onnx_models.reranker import Reranker
from search.errors import ArticleWithoutVector, EmptyQuery, InvalidRequest, NoVectors, UnknownArticle
from search.filters import Filters
from search.fusion import FUSIONS, FusionOptions
from search.request import Place, Result, SearchRequest, SearchResponse
from search.reranking import DEFAULT_MIX, Reranked, rerank
from search.retrieval import needs_vector, probes
from search.snippets import snippet
from search.stopwatch import Stopwatch

_ENCODED_AT_ONCE = 64


class Searcher:
    """Answers requests from one index with one model set. Safe to share between threads."""

    def __init__(
        self,
        index: Reader,
        encoder: Encoder | None,
        reranker: Reranker | None = None,
        rerank_mix: float | None = None,
    ) -> None:
        self.index = index
        self.encoder = encoder
        self.reranker = reranker
        self._mix = rerank_mix
        self._info = index.info()

    def search(self, request: SearchRequest) -> SearchResponse:
        """The answer to one request.

        Raises:
            SearchError: an empty query, an unknown fusion, a dense list where there are no vectors.
        """
        return next(self.search_all([request]))

    def search_all(self, requests: Iterable[SearchRequest]) -> Iterator[SearchResponse]:
        """One response a request, in order; queries are encoded together, which is quicker than one by one."""
        remaining = iter(requests)
        while chunk := list(islice(remaining, _ENCODED_AT_ONCE)):
            for request in chunk:
                self._check(request)
            dense = [request for request in chunk if needs_vector(request)]
            watch = Stopwatch()
            with watch.stage("encode"):
                vectors = iter(self._encode([request.query for request in dense]))
            share = watch.seconds["encode"] / max(1, len(dense))
            for request in chunk:
                vector = next(vectors) if needs_vector(request) else None
                yield self._answer(request, vector, share if vector is not None else 0.0)

    def similar(self, id: str, *, filters: Filters | None = None, depth: int = 100, limit: int = 10) -> SearchResponse:
        """The articles whose vectors are nearest to that of `id`, itself left out; article vectors on both sides.

        Raises:
            UnknownArticle: the index does not hold it.
            ArticleWithoutVector: it has no text to compare.
        """
        request = SearchRequest(
            query=id, mode="dense", filters=filters or Filters(), depth=depth, limit=limit, rerank=False
        )
        watch = Stopwatch()
        with watch.stage("fetch"):
            vector = self._article_vector(id)
        with watch.stage("retrieve"):
            probe = Nearest(vector, depth + 1, request.filters.query())
            hits = [hit for hit in self.index.search([probe])[0] if hit.id != id][:depth]
        return self._respond(request, {"dense": hits}, hits, Reranked(hits, []), watch)

    def close(self) -> None:
        """Let go of the index."""
        self.index.close()

    def _check(self, request: SearchRequest) -> None:
        if not request.query.strip():
            raise EmptyQuery
        if request.fusion not in FUSIONS:
            raise InvalidRequest(f"Unknown fusion {request.fusion!r}. Known: {', '.join(FUSIONS)}.")
        if needs_vector(request) and self._info.space is None:
            raise NoVectors(self._info.location, request.mode)

    def _encode(self, queries: Sequence[str]) -> NDArray[np.float32]:
        if not queries:
            return np.zeros((0, 0), np.float32)
        if self.encoder is None:
            raise InvalidRequest("This searcher was opened without a query encoder: ask in lexical mode.")
        return self.encoder.encode(queries)

    def _article_vector(self, id: str) -> NDArray[np.float32]:
        vector = self.index.vectors([id])[0]
        if vector is not None:
            return vector
        if self.index.fetch([id])[0] is None:
            raise UnknownArticle(id, self._info.location)
        raise ArticleWithoutVector(id)

    def _answer(self, request: SearchRequest, vector: NDArray[np.float32] | None, encoding: float) -> SearchResponse:
        watch = Stopwatch()
        if vector is not None:
            watch.seconds["encode"] = encoding
        with watch.stage("retrieve"):
            asked = probes(request, vector)
            lists = dict(zip(asked, self.index.search(list(asked.values())), strict=True))
        with watch.stage("fuse"):
            fused = self._fuse(request, lists)
        reranked = self._rerank(request, fused, watch)
        return self._respond(request, lists, fused, reranked, watch)

    def _fuse(self, request: SearchRequest, lists: dict[str, list[Hit]]) -> list[Hit]:
        if len(lists) == 1:
            return next(iter(lists.values()))
        options = FusionOptions(k=request.rrf_k, dense_weight=request.dense_weight)
        return FUSIONS[request.fusion](lists, options)[: request.depth]

    def _rerank(self, request: SearchRequest, fused: list[Hit], watch: Stopwatch) -> Reranked:
        if self.reranker is None or not request.rerank:
            return Reranked(fused, [])
        window = fused[: request.rerank_depth]
        with watch.stage("fetch"):
            articles = self.index.fetch([hit.id for hit in window])
        passages = [article.passage if article else ("", "") for article in articles]
        mix = request.rerank_mix
        if mix is None:
            mix = self._mix if self._mix is not None else DEFAULT_MIX[self.reranker.kind]
        with watch.stage("rerank"):
            return rerank(request.query, fused, passages, self.reranker, mix)

    def _respond(
        self,
        request: SearchRequest,
        lists: dict[str, list[Hit]],
        fused: list[Hit],
        reranked: Reranked,
        watch: Stopwatch,
    ) -> SearchResponse:
        with watch.stage("fetch"):
            page = self._page(request, reranked.order)
        places = {name: _places(hits) for name, hits in lists.items()}
        fused_places = _places(fused) if len(lists) > 1 else {}
        read_places = _places(reranked.scores)
        with watch.stage("snippets"):
            results = tuple(
                Result(
                    rank=rank,
                    id=hit.id,
                    score=hit.score,
                    article=article,
                    places={name: found[hit.id] for name, found in places.items() if hit.id in found},
                    fused=fused_places.get(hit.id),
                    reranked=read_places.get(hit.id),
                    snippet=snippet(request.query, article.abstract),
                )
                for rank, (hit, article) in page
            )
        return SearchResponse(
            request=request,
            results=results,
            found=len(reranked.order),
            seconds=watch.report(),
            notes=_notes(request, lists),
            reranker=self.reranker.name if self.reranker and reranked.scores else "",
            data_date=self._info.data_date,
        )

    def _page(self, request: SearchRequest, order: list[Hit]) -> list[tuple[int, tuple[Hit, Article]]]:
        """The asked page with its ranks; an article that was deleted since its list was made is left out."""
        if request.sort == "date":
            found = self.index.fetch([hit.id for hit in order])
            dated = [(hit, article) for hit, article in zip(order, found, strict=True) if article]
            dated.sort(key=lambda row: _date(row[1]), reverse=True)
            ranked = list(enumerate(dated, start=1))
            return ranked[request.offset : request.offset + request.limit]
        cut = order[request.offset : request.offset + request.limit]
        articles = self.index.fetch([hit.id for hit in cut])
        rows = enumerate(zip(cut, articles, strict=True), start=request.offset + 1)
        return [(rank, (hit, article)) for rank, (hit, article) in rows if article is not None]


def _places(hits: Sequence[Hit]) -> dict[str, Place]:
    return {hit.id: Place(rank, hit.score) for rank, hit in enumerate(hits, start=1)}


def _date(article: Article) -> tuple[int, int, int]:
    """Newest first when sorted in reverse; undated ones last; sorting is stable, so equal dates keep relevance."""
    return article.year or 0, article.month or 0, article.day or 0


def _notes(request: SearchRequest, lists: dict[str, list[Hit]]) -> tuple[str, ...]:
    from indexer.analysis import terms

    if "lexical" in lists and not lists["lexical"] and not terms(request.query[:10_000]):
        return ("No word of the query is searched by BM25: all are stop words or signs.",)
    return ()
