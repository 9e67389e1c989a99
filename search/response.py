"""From a ranking to a response: fetch the page's articles, say where each stands and why, cut snippets."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from indexer.analysis import terms
from indexer.article import Article
from indexer.engines.protocol import Reader
from indexer.queries import Hit, PartialHits
from search.request import Place, Result, SearchRequest, SearchResponse
from search.reranking import Reranked
from search.snippets import snippet
from search.stopwatch import Stopwatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The order of the candidates for one request, and what it came from; ids and scores alone."""

    request: SearchRequest
    lists: dict[str, list[Hit]]
    fused: list[Hit]
    reranked: Reranked
    watch: Stopwatch = field(default_factory=Stopwatch)

    @property
    def page(self) -> list[Hit]:
        """What the request's offset and limit cut from the order."""
        return self.reranked.order[self.request.offset : self.request.offset + self.request.limit]


class _Row(NamedTuple):
    rank: int
    hit: Hit
    article: Article


def respond(
    ranking: Ranking, index: Reader, *, reranker: str, data_date: str, notes: tuple[str, ...] = ()
) -> SearchResponse:
    """The response with the articles of its page; an article that was deleted since it was ranked is left out."""
    with ranking.watch.stage("fetch"):
        rows = _by_date(ranking, index) if ranking.request.sort == "date" else _by_relevance(ranking, index)
    with ranking.watch.stage("snippets"):
        results = _results(ranking, rows)
    return SearchResponse(
        request=ranking.request,
        results=results,
        found=len(ranking.reranked.order),
        seconds=ranking.watch.report(),
        notes=notes + remarks(ranking),
        reranker=reranker if ranking.reranked.scores else "",
        data_date=data_date,
    )


def _by_relevance(ranking: Ranking, index: Reader) -> list[_Row]:
    articles = index.fetch([hit.id for hit in ranking.page])
    places = enumerate(zip(ranking.page, articles, strict=True), start=ranking.request.offset + 1)
    return [_Row(rank, hit, article) for rank, (hit, article) in places if article is not None]


def _by_date(ranking: Ranking, index: Reader) -> list[_Row]:
    """All candidates newest first, then the page; equal dates stay in the order of relevance, undated ones are last."""
    order, request = ranking.reranked.order, ranking.request
    articles = index.fetch([hit.id for hit in order])
    dated = [(hit, article) for hit, article in zip(order, articles, strict=True) if article is not None]
    dated.sort(key=lambda row: (row[1].year or 0, row[1].month or 0, row[1].day or 0), reverse=True)
    ranked = [_Row(rank, hit, article) for rank, (hit, article) in enumerate(dated, start=1)]
    return ranked[request.offset : request.offset + request.limit]


def _results(ranking: Ranking, rows: Sequence[_Row]) -> tuple[Result, ...]:
    places = {name: _places(hits) for name, hits in ranking.lists.items()}
    fused = _places(ranking.fused) if len(ranking.lists) > 1 else {}
    reranked = _places(ranking.reranked.scores)
    return tuple(
        Result(
            rank=rank,
            id=hit.id,
            score=hit.score,
            article=article,
            places={name: found[hit.id] for name, found in places.items() if hit.id in found},
            fused=fused.get(hit.id),
            reranked=reranked.get(hit.id),
            mixture=ranking.reranked.mixtures.get(hit.id),
            snippet=snippet(ranking.request.query, article.abstract),
        )
        for rank, hit, article in rows
    )


def _places(hits: Sequence[Hit]) -> dict[str, Place]:
    return {hit.id: Place(rank, hit.score) for rank, hit in enumerate(hits, start=1)}


def remarks(ranking: Ranking) -> tuple[str, ...]:
    """What its reader should know: lists that not all of the index answered, words that BM25 does not search."""
    gaps = dict.fromkeys(hits.gap for hits in ranking.lists.values() if isinstance(hits, PartialHits))
    return (*gaps, *_unsearched(ranking))


def _unsearched(ranking: Ranking) -> tuple[str, ...]:
    if ranking.lists.get("lexical") == [] and not terms(ranking.request.query):
        return ("No word of the query is searched by BM25: all are stop words or signs.",)
    return ()
