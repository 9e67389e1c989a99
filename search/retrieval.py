"""From a request to probes: which ranked lists to ask for, how deep, under which filters."""

import numpy as np
from numpy.typing import NDArray

from indexer.queries import Lexical, Match, Nearest, Probe
from search.request import SearchRequest


def needs_vector(request: SearchRequest) -> bool:
    """Whether the query has to be encoded."""
    return request.mode != "lexical"


def probes(request: SearchRequest, vector: NDArray[np.float32] | None) -> dict[str, Probe]:
    """The lists that the request's mode asks for, by name, each `depth` long and under all its filters."""
    within = request.filters.query()
    lists: dict[str, Probe] = {}
    if request.mode != "dense":
        lists["lexical"] = Lexical(Match(request.query, request.boosts), request.depth, within)
    if vector is not None and needs_vector(request):
        lists["dense"] = Nearest(vector, request.depth, within)
    return lists
