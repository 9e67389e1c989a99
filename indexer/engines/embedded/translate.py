"""Our queries as tantivy's. Words, terms and ranges are built one by one: user text never meets a query parser."""

from collections.abc import Sequence
from typing import assert_never

import tantivy
from tantivy import Occur

from indexer.analysis import placed_terms, sound, terms
from indexer.engines.embedded.text import ARTICLE, state
from indexer.fields import require, searched
from indexer.queries import And, Match, Not, Or, Phrase, Query, Range, Term

MOST_TERMS = 1024
"""Different words of one `Match` that are looked up, the first ones: a question of 10,000 words is answered, in
bounded time. A word that repeats counts once."""

PHRASE_FIELDS = {"title": 2.0, "abstract": 1.0}
"""Where phrases are looked for, with their boosts."""

_LARGEST = (1 << 63) - 1

Clauses = list[tuple[Occur, tantivy.Query]]


def scored(query: Query, text: tantivy.Schema) -> tantivy.Query:
    """Matches what `query` says, scored by BM25 for its words and phrases; all else adds nothing to a score."""
    match query:
        case Match():
            return _match(query, text)
        case Phrase(text=words):
            return _phrase(words, text)
        case And(parts=parts):
            return _all_of(parts, text)
        case Or(parts=parts):
            return _any_of([scored(part, text) for part in parts])
        case Not(part=part):
            return tantivy.Query.boolean_query([(Occur.Must, _articles(text)), (Occur.MustNot, scored(part, text))])
        case Term(field=field, values=values):
            return _term(field, values, text)
        case Range(field=field, low=low, high=high):
            return _range(field, (low, high), text)
        case _:
            assert_never(query)


def unscored(query: Query, text: tantivy.Schema) -> tantivy.Query:
    """Matches what `query` says, with no score at all."""
    return _silent(scored(query, text))


def within(query: tantivy.Query, condition: tantivy.Query) -> tantivy.Query:
    """`query`, where the unscored `condition` holds too."""
    return tantivy.Query.boolean_query([(Occur.Must, query), (Occur.Must, condition)])


def _silent(query: tantivy.Query) -> tantivy.Query:
    return tantivy.Query.const_score_query(query, 0.0)


def _articles(text: tantivy.Schema) -> tantivy.Query:
    return _silent(state(text, ARTICLE))


def _any_of(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    if not queries:
        return tantivy.Query.empty_query()
    return tantivy.Query.boolean_query([(Occur.Should, query) for query in queries])


def _all_of(parts: Sequence[Query], text: tantivy.Schema) -> tantivy.Query:
    """Negative parts exclude directly, so that the rest drives the search."""
    wanted: Clauses = [(Occur.Must, scored(part, text)) for part in parts if not isinstance(part, Not)]
    barred: Clauses = [(Occur.MustNot, scored(part.part, text)) for part in parts if isinstance(part, Not)]
    return tantivy.Query.boolean_query([*(wanted or [(Occur.Must, _articles(text))]), *barred])


def _match(match: Match, text: tantivy.Schema) -> tantivy.Query:
    """The sum over fields and words of boost x BM25, what OpenSearch calls `most_fields`."""
    wanted = list(dict.fromkeys(terms(match.text)))[:MOST_TERMS]
    return _any_of(
        [
            tantivy.Query.boost_query(tantivy.Query.term_query(text, name, term, index_option="freq"), boost)
            for name, boost in searched(match.boosts).items()
            for term in wanted
        ]
    )


def _phrase(words: str, text: tantivy.Schema) -> tantivy.Query:
    placed = placed_terms(words)
    if not placed:
        return tantivy.Query.empty_query()
    first = placed[0][0]
    shifted = [(place - first, term) for place, term in placed]
    return _any_of(
        [tantivy.Query.boost_query(_in_order(name, shifted, text), boost) for name, boost in PHRASE_FIELDS.items()]
    )


def _in_order(field: str, placed: list[tuple[int, str]], text: tantivy.Schema) -> tantivy.Query:
    if len(placed) == 1:
        return tantivy.Query.term_query(text, field, placed[0][1], index_option="freq")
    return tantivy.Query.phrase_query(text, field, list(placed))


def _term(field: str, values: Sequence[str], text: tantivy.Schema) -> tantivy.Query:
    require(field, "keyword")
    wanted = list(dict.fromkeys(sound(value).casefold() for value in values))
    return _silent(tantivy.Query.term_set_query(text, field, wanted)) if wanted else tantivy.Query.empty_query()


def _range(field: str, ends: tuple[int | None, int | None], text: tantivy.Schema) -> tantivy.Query:
    """An article without the number never matches."""
    require(field, "number")
    low = -_LARGEST if ends[0] is None else max(ends[0], -_LARGEST)
    high = _LARGEST if ends[1] is None else min(ends[1], _LARGEST)
    if low > high:
        return tantivy.Query.empty_query()
    return _silent(tantivy.Query.range_query(text, field, tantivy.FieldType.Integer, low, high))
