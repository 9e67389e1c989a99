"""Which ranked list a probe asks for: by words, through the graph of vectors, or vector by vector."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.engines.opensearch.contents.documents import HAS_VECTOR, NOT_DELETED, VECTOR, Clause
from indexer.engines.opensearch.searching.asking import MOST_HITS, Question
from indexer.engines.opensearch.searching.scores import BEHIND
from indexer.engines.opensearch.searching.translate import (
    may_find_deleted,
    scored,
    words_of,
)
from indexer.queries import Lexical, Query, has_score

EF_SEARCH = 256
"""Candidates that the search of a graph keeps, at least: more find more of the true neighbours, and cost more."""

Vector = NDArray[np.float32]


def by_words(probe: Lexical) -> Question:
    """The list of a lexical probe; its filter, and the one that leaves tombstones out where they could match."""
    words = words_of(probe.query, probe.within)
    query, filters = scored(probe.query, words=words.each), []
    if probe.within is not None:
        filters.append(scored(probe.within, words=words.each))
    if may_find_deleted(probe.query) and (probe.within is None or may_find_deleted(probe.within)):
        filters.append(NOT_DELETED)
    if not has_score(probe.query):
        return Question({"bool": {"filter": [query, *filters]}}, probe.k, raw=None, gap=words.gap)
    asked = {"bool": {"must": [query], "filter": filters}} if filters else query
    return Question(asked, probe.k, raw=float, gap=words.gap)


class Condition(NamedTuple):
    """A filter of vectors. Tombstones have none, so they need not be left out."""

    clause: Clause | None
    gap: str
    """What of it is not looked up, as a sentence; "" for nothing."""


def condition(within: Query | None) -> Condition:
    """The filter of a probe for vectors; without one, no clause."""
    words = words_of(within)
    return Condition(None if within is None else scored(within, words=words.each), words.gap)


@dataclass(frozen=True, slots=True)
class Vectors:
    """Where an index keeps its vectors, and which documents have one."""

    field: str
    there: Clause


OURS = Vectors(VECTOR, HAS_VECTOR)
"""Of an index that we made."""


def through_graph(vector: Vector, k: int, where: Clause | None, kind: str, *, among: Vectors = OURS) -> Question:
    """The `k` nearest as the graph finds them: nearly all of them.

    Args:
        vector: float32 (d,).
        k: at least 1.
        where: a `Condition.clause`, which holds inside the search: the k nearest of those that match.
        kind: `encodings.space_type`.
        among: which vectors.
    """
    most = min(k, MOST_HITS)
    parameters = {"ef_search": max(EF_SEARCH, most)}
    asked = {"vector": vector, "k": most, "method_parameters": parameters}
    return Question({"knn": {among.field: asked if where is None else {**asked, "filter": where}}}, k, raw=BEHIND[kind])


def one_by_one(
    vector: Vector, k: int, where: Clause | None, kind: str, *, counted: int, among: Vectors = OURS
) -> Question:
    """The `k` nearest among all vectors that match; `counted` of these are counted. Others as in `through_graph`."""
    matching = {"bool": {"filter": [among.there] if where is None else [among.there, where]}}
    if kind == "cosinesimil" and not vector.any():
        return Question(matching, k, raw=None, counted=counted)  # which a server refuses; its cosine with all is 0
    parameters = {"field": among.field, "query_value": vector, "space_type": kind}
    script = {"lang": "knn", "source": "knn_score", "params": parameters}
    return Question({"script_score": {"query": matching, "script": script}}, k, raw=BEHIND[kind], counted=counted)
