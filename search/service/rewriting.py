"""A search that asks for words, made one that asks by words and by meaning: what a bare `match` becomes.

The client's own query stays as it is, as the part by words; everything else that the search says (size, `_source`,
aggregations, highlighting) stays too. A search of another kind is given back unchanged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import orjson

from search.service.errors import ServiceError

Json = Mapping[str, Any]

WORDS = ("match", "multi_match", "combined_fields")
"""Queries that look for the words of one text."""

_WITHOUT_SCORES = ("search_after", "rescore", "slice", "pit", "suggest")
"""Parts of a search that have no meaning for a hybrid query, or another."""

_FILTERS = ("filter", "must_not")


@dataclass(frozen=True, slots=True)
class Question:
    """The text that a search asks for, and what its answers have to match besides."""

    text: str
    filters: Json | None
    """One query; None for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """How a search asks by meaning."""

    field: str
    """Of the vectors."""
    vector: Sequence[float]
    depth: int
    """Candidates of each part, by words and by meaning."""


def question(search: Json) -> Question | None:
    """What a search asks for; None for one that is to stay as it is."""
    if search.get("size") == 0 or any(search.get(part) for part in _WITHOUT_SCORES) or not _by_score(search):
        return None
    query = search.get("query")
    if not isinstance(query, Mapping) or len(query) != 1:
        return None
    if (text := _words_of(query)) is not None:
        return Question(text, None)
    return _in_bool(query["bool"]) if isinstance(query.get("bool"), Mapping) else None


def rewritten(search: Json, asked: Question, meaning: Meaning, needed: Sequence[str]) -> dict[str, Any]:
    """The search with a hybrid query in place of its own.

    Args:
        search: of the client.
        asked: its question.
        meaning: the part by meaning.
        needed: fields that a re-ranker will read from `_source`.
    """
    nearest: dict[str, Any] = {"vector": list(meaning.vector), "k": meaning.depth}
    if asked.filters is not None:
        nearest["filter"] = asked.filters
    parts = [search["query"], {"knn": {meaning.field: nearest}}]
    hybrid = {"hybrid": {"queries": parts, "pagination_depth": meaning.depth}}
    context = {"rerank": {"query_context": {"query_text": asked.text}}}
    source = {} if "_source" not in search else {"_source": _with_fields(search["_source"], needed)}
    return {**search, **source, "query": hybrid, "ext": {**context, **_ext(search)}}


def encoded(search: Json) -> str:
    """The search as JSON without a dollar sign, which the cluster's template engine would read as a variable's.

    Raises: TooNested.
    """
    whole = {**search, "ext": _ext(search)} if "ext" in search else search
    try:
        return orjson.dumps(whole).decode().replace("$", "\\u0024")
    except orjson.JSONEncodeError as error:
        raise TooNested from error


class TooNested(ServiceError):
    """A search of so many levels that it cannot be written again."""

    def __init__(self) -> None:
        super().__init__("The search is nested too deeply to be rewritten. Simplify it, or name no pipeline for it.")


def _ext(search: Json) -> Json:
    """The search's extensions. A cluster writes that of its re-ranker without the name `rerank` around it, and would
    not read it so again.
    """
    ext = search.get("ext")
    if not isinstance(ext, Mapping):
        return {}
    if "query_context" not in ext:
        return ext
    others = {name: value for name, value in ext.items() if name != "query_context"}
    return {"rerank": {"query_context": ext["query_context"]}, **others}


def _by_score(search: Json) -> bool:
    return search.get("sort") in (None, [], ["_score"], [{"_score": {"order": "desc"}}])


def _words_of(query: Json) -> str | None:
    """The text of a query by words."""
    ((kind, body),) = query.items()
    if kind not in WORDS or not isinstance(body, Mapping):
        return None
    if kind == "match":
        if len(body) != 1:
            return None
        (body,) = body.values()
    text = body.get("query") if isinstance(body, Mapping) else body
    return text if isinstance(text, str) and text.strip() else None


def _in_bool(body: Json) -> Question | None:
    """A `bool` query with one text that has to, or should, match; all else only filters."""
    scoring = [clause for part in ("must", "should") for clause in _clauses(body.get(part))]
    if len(scoring) != 1 or not isinstance(scoring[0], Mapping) or len(scoring[0]) != 1:
        return None
    text = _words_of(scoring[0])
    filters = {part: body[part] for part in _FILTERS if body.get(part)}
    return None if text is None else Question(text, {"bool": filters} if filters else None)


def _clauses(part: Any) -> list[Any]:
    return part if isinstance(part, list) else [] if part is None else [part]


def _with_fields(source: Any, needed: Sequence[str]) -> Any:
    """What a search wants of `_source`, and the fields that are needed."""
    if source is False:
        return {"includes": list(needed)}
    if isinstance(source, str | list):
        source = {"includes": source}
    if not isinstance(source, Mapping):
        return source
    includes, excludes = _clauses(source.get("includes")), _clauses(source.get("excludes"))
    if not all(isinstance(pattern, str) for pattern in (*includes, *excludes)):
        return source
    kept = [pattern for pattern in excludes if not any(fnmatchcase(name, pattern) for name in needed)]
    wanted = list(dict.fromkeys([*includes, *needed])) if includes else []
    return {"includes": wanted, "excludes": kept}
