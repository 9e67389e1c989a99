"""What the retrievers of all libraries share: a question with its settings, and articles as text with metadata."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, get_args

from indexer.analysis import sound
from indexer.article import Article
from search import display
from search.errors import InvalidRequest
from search.filters import Filters
from search.request import Mode, Result, SearchRequest
from search.searcher import Searcher

log = logging.getLogger(__name__)

SETTINGS = tuple(one.name for one in fields(SearchRequest) if one.name not in ("query", "filters", "limit"))
"""What `settings` may hold: all that a request says beside the question, its filters and how many answers it wants."""

_PUBMED = "https://pubmed.ncbi.nlm.nih.gov/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One article that answers."""

    id: str
    text: str
    score: float
    """Falls with rank, or stays: libraries sort by it."""
    metadata: dict[str, Any]


def request(
    query: str, *, limit: int, filters: Filters | None = None, settings: Mapping[str, Any] | None = None
) -> SearchRequest:
    """The request for `limit` answers; the lists are made as deep as that needs.

    Raises:
        InvalidRequest: a setting that a request does not have, or a value out of its range or of another kind.
    """
    _require_kinds(query, limit, filters)
    given = dict(settings or {})
    unknown = [name for name in given if name not in SETTINGS]
    if unknown:
        raise InvalidRequest(f"Unknown setting {unknown[0]!r}. Known: {', '.join(SETTINGS)}.")
    if isinstance(given.get("boosts"), Mapping):
        given["boosts"] = tuple(given["boosts"].items())
    if given.get("mode", "hybrid") not in get_args(Mode):
        raise InvalidRequest(f"Unknown mode {given['mode']!r}. Known: {', '.join(get_args(Mode))}.")
    try:
        asked = SearchRequest(query, limit=limit, filters=filters or Filters(), **given)
        return replace(asked, depth=max(asked.depth, asked.offset + limit))
    except TypeError as error:
        raise InvalidRequest(f"The settings {given!r} hold a value of the wrong kind: {error}.") from error


def _require_kinds(query: object, limit: object, filters: object) -> None:
    """What comes from a language model's call of a tool may be anything."""
    if not isinstance(query, str):
        raise InvalidRequest(f"The question is {query!r}; it must be a text.")
    if not isinstance(limit, int):
        raise InvalidRequest(f"The number of answers is {limit!r}; it must be a whole number.")
    if filters is not None and not isinstance(filters, Filters):
        raise InvalidRequest(f"The filters are {filters!r}; they must be a `search.Filters`.")


def find(searcher: Searcher, asked: SearchRequest) -> list[Found]:
    """The answers, best first; what a reader should know of them, such as a shard that did not answer, is logged."""
    response = searcher.search(replace(asked, query=sound(asked.query)))
    for note in response.notes:
        log.warning("%s", note)
    found: list[Found] = []
    for result in response.results:
        score = min(result.score, found[-1].score) if found else result.score
        found.append(Found(id=result.id, text=text(result.article), score=score, metadata=metadata(result)))
    return found


def text(article: Article) -> str:
    """The title on the first line, the abstract on the next: what the article encoder and re-rankers read."""
    return "\n".join(part for part in article.passage if part)


def metadata(result: Result) -> dict[str, Any]:
    """What is known of an article, every key in each, as JSON can hold it; those in `conditions` can be filtered by."""
    article = result.article
    flags = display.flags(article)
    return {
        "pmid": article.pmid,
        "doi": article.doi,
        "url": f"{_PUBMED}{article.pmid}/" if article.pmid else "",
        "title": article.title,
        "authors": display.short_authors(article),
        "journal": display.short_journal(article),
        "year": article.year,
        "publication_types": list(article.publication_types),
        "mesh": [heading.name for heading in article.mesh],
        "languages": list(article.languages),
        "has_abstract": bool(article.abstract),
        "retracted": "retracted" in flags,
        "retraction_notice": "retraction notice" in flags,
        "expression_of_concern": "expression of concern" in flags,
        "snippet": result.snippet.text,
        "rank": result.rank,
        "ranks": result.ranks,
        "extra": dict(article.extra),
    }
