"""A question and its answer, as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from indexer.article import Article
from indexer.queries import Boosts
from search.display import flags
from search.errors import InvalidRequest, PageBeyondDepth
from search.filters import Filters
from search.reranking import Mixture

Mode = Literal["hybrid", "lexical", "dense"]
Sort = Literal["relevance", "date"]

MAX_DEPTH = 10_000
"""The deepest ranked list that is asked of an engine: OpenSearch's own window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """One question.

    `depth` is how many candidates each list gives and how many stay after fusion; it fixes the order, so pages
    (`offset`, `limit`) are cut from it and never re-order. `rerank_depth` of them are read by the re-ranker.
    """

    query: str = field(kw_only=False)
    mode: Mode = "hybrid"
    fusion: str = "interpolate"
    """A name in `search.fusion.FUSIONS`. The default is what tuning supported (docs/evaluation.md): by cross-validation
    nDCG@10 grew over RRF's by .023 ± .010 on SciFact's training questions and by .007 ± .003 on NFCorpus's."""
    rrf_k: int = 60
    dense_weight: float = 0.5
    """The weight of the dense list against the lexical one, 0 to 1."""
    boosts: Boosts = ()
    """Text fields whose boost in the lexical list is not their own (`indexer.fields`)."""
    depth: int = 100
    rerank: bool = True
    """Whether to re-rank, where the searcher has a re-ranker."""
    rerank_depth: int = 50
    rerank_mix: float | None = None
    """The weight of re-rank scores against fused ones, 0 to 1; None: the model set's own."""
    filters: Filters = field(default_factory=Filters)
    sort: Sort = "relevance"
    limit: int = 10
    offset: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be answered, with the value and the bounds."""
        _bounded("depth", self.depth, 1, MAX_DEPTH)
        _bounded("rerank_depth", self.rerank_depth, 1, MAX_DEPTH)
        _bounded("limit", self.limit, 1, MAX_DEPTH)
        _bounded("offset", self.offset, 0, MAX_DEPTH)
        _bounded("rrf_k", self.rrf_k, 1, 1_000_000)
        _bounded("dense_weight", self.dense_weight, 0, 1)
        for name, boost in self.boosts:
            _bounded(f"the boost of {name!r}", boost, 0, 1_000)
        if self.rerank_mix is not None:
            _bounded("rerank_mix", self.rerank_mix, 0, 1)
        if self.offset >= self.depth:
            raise PageBeyondDepth(self.offset, self.depth)


def _bounded(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InvalidRequest(f"{name} is {value!r}; it must lie between {low} and {high}.")


@dataclass(frozen=True, slots=True)
class Place:
    """Where one list put an article: its rank from 1, and its score there."""

    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Snippet:
    """A passage of the abstract, and where in it the query's words are: (start, end) in characters."""

    text: str
    matches: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One answer: the article, where it stands and why."""

    rank: int
    id: str
    score: float
    """What the order at this rank follows: the re-ranker's (or mixed) score inside the re-ranked window, else the
    fused score, else the score of the only list."""
    article: Article
    places: Mapping[str, Place]
    """By list (`lexical`, `dense`): rank and score there; a list that did not find it is absent."""
    fused: Place | None = None
    """Rank and score after fusion; None where only one list was asked."""
    reranked: Place | None = None
    """Rank and score by the re-ranker alone; None outside the re-ranked window."""
    mixture: Mixture | None = None
    """How `score` was mixed from the re-ranker's and the fused score; None where the re-ranker alone decides."""
    snippet: Snippet = Snippet("")

    @property
    def ranks(self) -> dict[str, int]:
        """The rank from 1 that each stage gave it: `lexical`, `dense`, `fused`, `reranked`, as far as it took part."""
        stages = {**self.places, "fused": self.fused, "reranked": self.reranked}
        return {name: place.rank for name, place in stages.items() if place is not None}

    def __repr__(self) -> str:
        marks = "".join(f" [{flag.upper()}]" for flag in flags(self.article))
        ranks = "".join(f", {name} #{rank}" for name, rank in self.ranks.items())
        return f"<Result {self.rank}. {self.article.title!r}{marks}, id {self.id!r}, score {self.score:.4f}{ranks}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResponse:
    """The answers to one question, and what was done to get them."""

    request: SearchRequest
    results: tuple[Result, ...]
    found: int
    """How many candidates the fused list holds (at most `depth`): how far paging can go."""
    seconds: Mapping[str, float]
    """Wall time of each stage: encode, retrieve, fuse, fetch, rerank, and their sum `total`."""
    notes: tuple[str, ...] = ()
    """What the user should know: words that were dropped, a query that was cut."""
    reranker: str = ""
    """The model that re-ranked; "" where none did."""
    data_date: str = ""
    """The newest NLM date in the index, ISO; "" where none is known."""

    def __repr__(self) -> str:
        asked, shown = self.request, len(self.results)
        by = f", re-ranked by {self.reranker}" if self.reranker else ""
        return f"<SearchResponse to {asked.query!r} ({asked.mode}): {shown} of {self.found} candidates{by}>"
