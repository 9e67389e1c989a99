"""Which in-batch "negatives" are none: the same article, another article of the same query, a known positive."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Asked(NamedTuple):
    """One row of a batch: a query, and what is known to answer it."""

    query_id: str
    query: str
    positive: str
    """The id of the article in its own column."""
    known: frozenset[str]
    """The ids of all articles known to answer it."""


def false_negatives(rows: Sequence[Asked], columns: Sequence[str]) -> NDArray[np.bool_]:
    """True where a query must not be pushed away from an article, shape (rows, columns); never on the diagonal.

    Args:
        rows: the queries of the batch.
        columns: the ids of its articles: each row's own first, in the order of the rows, then further negatives.
    """
    places: dict[str, list[int]] = {}
    for column, id in enumerate(columns):
        places.setdefault(id, []).append(column)
    masked = np.zeros((len(rows), len(columns)), dtype=np.bool_)
    for number, row in enumerate(rows):
        for id in row.known | {row.positive}:
            masked[number, places.get(id, [])] = True
    masked[:, : len(rows)] |= _same([row.query_id for row in rows]) | _same([row.query for row in rows])
    np.fill_diagonal(masked, val=False)
    return masked


def _same(values: Sequence[str]) -> NDArray[np.bool_]:
    """True where two of them are equal."""
    _, numbers = np.unique(np.array(values, dtype=object), return_inverse=True)
    equal: NDArray[np.bool_] = numbers[:, None] == numbers[None, :]
    return equal
