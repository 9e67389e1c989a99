"""Our queries as OpenSearch's. The text of a question is only ever a value: no query syntax is parsed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import assert_never

from indexer.analysis import distinct_words, searchable, sound
from indexer.engines.opensearch.contents.documents import SPLIT, Clause
from indexer.engines.opensearch.contents.mapping import ANY_CASE
from indexer.errors import QuestionTooLarge
from indexer.fields import require, searched
from indexer.queries import And, Match, Not, Or, Phrase, Query, Range, Term

MOST_CLAUSES = 990
"""Words of all `Match`es of one question that are looked up, each as often as there are fields that it is looked for
in: a server takes 1,024 clauses by default. A word that repeats in one `Match` counts once; in another it counts again,
there too."""

MOST_WORDS = MOST_CLAUSES // len(searched())
"""Those of one `Match` that searches its own fields."""

MOST_NESTED = 60
"""Queries within queries: about a quarter of the levels of JSON that can be written."""

MOST_VALUES = 65_536
"""Values of one `terms` clause, by default."""

PHRASE_BOOSTS = {"title": 2.0, "abstract": 1.0}

_ALL: Clause = {"match_all": {}}
_NONE: Clause = {"match_none": {}}
_LARGEST = (1 << 63) - 1


def scored(query: Query, *, words: int = MOST_WORDS) -> Clause:
    """Matches what `query` says, scored by BM25 for its words and phrases; all else adds nothing to a score.

    As a `filter` the same clause has no score at all.

    Args:
        query: a deleted article may match (`may_find_deleted`).
        words: how many different words of each `Match` are looked up.
    """
    match query:
        case Match():
            return _match(query, words)
        case Phrase(text=text):
            return _phrase(text)
        case And(parts=parts):
            return _all_of(parts, words)
        case Or(parts=parts):
            return _any_of([scored(part, words=words) for part in parts])
        case Not(part=part):
            return _without(part, words)
        case Term(field=field, values=values):
            return _term(field, values)
        case Range(field=field, low=low, high=high):
            return _range(field, low, high)
        case _:
            assert_never(query)


@dataclass(frozen=True, slots=True)
class Words:
    """How the words that are looked up are shared out among the `Match`es of a question."""

    each: int
    """The first so many of each."""
    left_out: int
    """How many are not looked up, of all."""

    @property
    def gap(self) -> str:
        """What a list lacks for it, as a sentence; "" for nothing."""
        if not self.left_out:
            return ""
        return f"Only {self.each:,} words of each part of the question were looked up, {self.left_out:,} were not."


def words_of(*queries: Query | None) -> Words:
    """As many of each part as all together may be, so that what short parts leave goes to long ones.

    Raises:
        QuestionTooLarge: more parts than words, or parts nested too deeply to be sent.
        UnknownField: a boost of a field that is none.
    """
    parts = (part for query in queries if query is not None for part in _parts(query))
    sizes = sorted(
        (len(_words(part.text)), len(fields))
        for part in parts
        if isinstance(part, Match) and (fields := searched(part.boosts))
    )
    clauses = sum(width for _, width in sizes)
    if clauses > MOST_CLAUSES:
        most = MOST_CLAUSES * len(sizes) // clauses
        raise QuestionTooLarge(why=f"{len(sizes):,} parts have words to look up, and {most:,} may have some")
    left, each = MOST_CLAUSES, MOST_CLAUSES
    for size, width in sizes:
        each = left // clauses
        if size > each:
            break
        left, clauses = left - size * width, clauses - width
    return Words(each, sum(max(0, size - each) for size, _ in sizes))


def may_find_deleted(query: Query) -> bool:
    """Whether a tombstone can match: it has an id and an order, and nothing else."""
    match query:
        case Match() | Phrase() | Range():
            return False
        case Term(field=field):
            return field == "id"
        case And(parts=parts):
            return all(may_find_deleted(part) for part in parts)
        case Or(parts=parts):
            return any(may_find_deleted(part) for part in parts)
        case Not():
            return True
        case _:
            assert_never(query)


def _parts(query: Query) -> Iterator[Query]:
    """The query and those in it."""
    waiting = [(query, 1)]
    while waiting:
        part, depth = waiting.pop()
        if depth > MOST_NESTED:
            raise QuestionTooLarge(why=f"its parts are nested more than {MOST_NESTED} deep")
        yield part
        match part:
            case And(parts=parts) | Or(parts=parts):
                waiting += [(inner, depth + 1) for inner in parts]
            case Not(part=inner):
                waiting.append((inner, depth + 1))
            case Match() | Phrase() | Term() | Range():
                continue
            case _:
                assert_never(part)


@lru_cache(maxsize=64)
def _words(text: str) -> Sequence[str]:
    """Kept for a moment: a question's are counted first, then looked up."""
    return distinct_words(text)


def _match(match: Match, words: int) -> Clause:
    """The sum over fields and words of boost x BM25, what OpenSearch calls `most_fields`."""
    wanted = " ".join(_words(match.text)[:words])
    if not wanted:
        return _NONE
    fields = searched(match.boosts).items()
    return _any_of([{"match": {name: {"query": wanted, "boost": boost}}} for name, boost in fields])


def _phrase(text: str) -> Clause:
    """Stop words leave gaps on both sides; a phrase of nothing else matches nothing."""
    wanted = searchable(text)
    return _any_of(
        [
            {"match_phrase": {name: {"query": wanted, "boost": boost}}}
            for field, boost in PHRASE_BOOSTS.items()
            for name in SPLIT[field]
        ]
    )


def _any_of(clauses: Sequence[Clause]) -> Clause:
    return {"bool": {"should": clauses}} if clauses else _NONE


def _all_of(parts: Sequence[Query], words: int) -> Clause:
    """Negative parts exclude directly, so that the rest drives the search."""
    wanted = [scored(part, words=words) for part in parts if not isinstance(part, Not)]
    barred = [scored(part.part, words=words) for part in parts if isinstance(part, Not)]
    if not wanted:
        return {"bool": {"filter": [_ALL], "must_not": barred}}
    return {"bool": {"must": wanted, "must_not": barred}}


def _without(part: Query, words: int) -> Clause:
    return {"bool": {"filter": [_ALL], "must_not": [scored(part, words=words)]}}


def _term(field: str, values: Sequence[str]) -> Clause:
    require(field, "keyword")
    wanted = list(dict.fromkeys(sound(value).casefold() for value in values))
    parts = (wanted[start : start + MOST_VALUES] for start in range(0, len(wanted), MOST_VALUES))
    return {"bool": {"filter": [_any_of([{"terms": {f"{field}.{ANY_CASE}": part}} for part in parts])]}}


def _range(field: str, low: int | None, high: int | None) -> Clause:
    """An article without the number never matches."""
    require(field, "number")
    ends = {"gte": -_LARGEST if low is None else max(low, -_LARGEST), "lte": _LARGEST if high is None else high}
    ends["lte"] = min(ends["lte"], _LARGEST)
    if ends["gte"] > ends["lte"]:
        return _NONE
    return {"bool": {"filter": [{"range": {field: ends}}]}}
