"""The searcher: encode, retrieve, fuse, fetch, re-rank. `search.opening.open_searcher` wires one."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Self

import numpy as np
from numpy.typing import NDArray

from indexer.engines.protocol import IndexInfo, Reader
from indexer.queries import Hit, Nearest, PartialHits, Probe
from onnx_models.encoder import Encoder
from onnx_models.reranker import Reranker
from search.errors import ArticleWithoutVector, EmptyQuery, InvalidRequest, NoVectors, UnknownArticle
from search.filters import Filters
from search.fusion import FUSIONS, FusionOptions
from search.request import SearchRequest, SearchResponse
from search.reranking import DEFAULT_MIX, Reranked, rerank
from search.response import Ranking, remarks, respond
from search.retrieval import needs_vector, probes
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
        notes: tuple[str, ...] = (),
        info: IndexInfo | None = None,
    ) -> None:
        """Search with these; `notes` are said with every response, and `info` is the index's, if it is known."""
        self.index = index
        self.encoder = encoder
        self.reranker = reranker
        self.rerank_mix = rerank_mix
        self._notes = notes
        self.info = info or index.info(versions=False)

    def search(self, request: SearchRequest | str) -> SearchResponse:
        """The answer to one request; a text is asked as `SearchRequest(text)`.

        Raises:
            SearchError: an empty query, an unknown fusion, a dense list where there are no vectors.
        """
        return next(self.search_all([request]))

    def search_all(self, requests: Iterable[SearchRequest | str]) -> Iterator[SearchResponse]:
        """One response a request, in order; queries are encoded together, which is quicker than one by one."""
        return map(self._respond, self.rank_all(requests))

    def rank_all(self, requests: Iterable[SearchRequest | str]) -> Iterator[Ranking]:
        """One ranking a request, in order, without fetching what will not be shown: for runs over many topics."""
        remaining = (SearchRequest(request) if isinstance(request, str) else request for request in requests)
        while chunk := list(islice(remaining, _ENCODED_AT_ONCE)):
            yield from self._rank_together(chunk)

    def similar(self, id: str, *, filters: Filters | None = None, depth: int = 100, limit: int = 10) -> SearchResponse:
        """The articles whose vectors are nearest to that of `id`, itself left out; article vectors on both sides.

        Raises:
            UnknownArticle: the index does not hold it.
            ArticleWithoutVector: it has no text to compare.
        """
        request = SearchRequest(
            query=id, mode="dense", filters=filters or Filters(), depth=depth, limit=limit, rerank=False
        )
        return self._respond(self.rank_similar(request))

    def rank_similar(self, request: SearchRequest) -> Ranking:
        """The order of `similar`, to the request's depth and within its filters; its `query` is the article's id."""
        watch, id = Stopwatch(), request.query
        with watch.stage("fetch"):
            vector = self._article_vector(id)
        with watch.stage("retrieve"):
            probe = Nearest(vector, request.depth + 1, request.filters.query())
            found = self.index.search([probe])[0]
        hits = [hit for hit in found if hit.id != id][: request.depth]
        if isinstance(found, PartialHits):
            hits = PartialHits(hits, found.gap)
        return Ranking(request=request, lists={"dense": hits}, fused=hits, reranked=Reranked(hits, []), watch=watch)

    def notes_on(self, ranking: Ranking) -> tuple[str, ...]:
        """What a response to this ranking would tell its reader."""
        return self._notes + remarks(ranking)

    def order(self, request: SearchRequest, lists: dict[str, list[Hit]], watch: Stopwatch | None = None) -> Ranking:
        """What becomes of a request's lists: fused and re-ranked as it says. Each list is as long as its `depth`."""
        watch = watch or Stopwatch()
        with watch.stage("fuse"):
            fused = self._fuse(request, lists)
        reranked = self._rerank(request, fused, watch)
        return Ranking(request=request, lists=lists, fused=fused, reranked=reranked, watch=watch)

    def asks(self, request: SearchRequest) -> dict[str, Probe]:
        """The lists that `search` would ask the index for, by name, with the query encoded; the index is not asked."""
        self._check(request)
        vector = self._encode([request.query])[0] if needs_vector(request) else None
        return probes(request, vector)

    def close(self) -> None:
        """Let go of the index."""
        self.index.close()

    def __repr__(self) -> str:
        models = [model.name for model in (self.encoder, self.reranker) if model is not None]
        return (
            f"<Searcher of {self.info.location!r}: {self.info.articles:,} articles{''.join(f', {m}' for m in models)}>"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self, request: SearchRequest) -> None:
        if not request.query.strip():
            raise EmptyQuery
        if request.fusion not in FUSIONS:
            raise InvalidRequest(f"Unknown fusion {request.fusion!r}. Known: {', '.join(FUSIONS)}.")
        if needs_vector(request) and self.info.space is None:
            raise NoVectors(self.info.location, request.mode)

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
            raise UnknownArticle(id, self.info.location)
        raise ArticleWithoutVector(id)

    def _rank_together(self, requests: Sequence[SearchRequest]) -> Iterator[Ranking]:
        for request in requests:
            self._check(request)
        dense = [request for request in requests if needs_vector(request)]
        watch = Stopwatch()
        with watch.stage("encode"):
            vectors = iter(self._encode([request.query for request in dense]))
        share = watch.seconds["encode"] / max(1, len(dense))
        for request in requests:
            if needs_vector(request):
                yield self._rank(request, next(vectors), Stopwatch({"encode": share}))
            else:
                yield self._rank(request, None, Stopwatch())

    def _rank(self, request: SearchRequest, vector: NDArray[np.float32] | None, watch: Stopwatch) -> Ranking:
        with watch.stage("retrieve"):
            asked = probes(request, vector)
            lists = dict(zip(asked, self.index.search(list(asked.values())), strict=True))
        return self.order(request, lists, watch)

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
            mix = self.rerank_mix if self.rerank_mix is not None else DEFAULT_MIX[self.reranker.kind]
        with watch.stage("rerank"):
            return rerank(request.query, fused, passages, self.reranker, mix)

    def _respond(self, ranking: Ranking) -> SearchResponse:
        name = self.reranker.name if self.reranker else ""
        return respond(ranking, self.index, reranker=name, data_date=self.info.data_date, notes=self._notes)
