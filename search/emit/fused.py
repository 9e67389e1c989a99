"""How our fusions are told to a server in the body of a request, and how far its order is ours.

`indexer.engines.opensearch.pipelines` installs the same as pipelines with names.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from indexer.engines.opensearch.searching.unsent import Unsent
from search.request import SearchRequest

Release = tuple[int, ...]

NEWEST: Release = (3, 6)
"""What requests are written for where the server's own version is not to be seen."""

OLDEST: Release = (2, 19)
"""The first OpenSearch in which a `hybrid` query says how many candidates each of its lists gives."""

_CONSTANT_BESIDE: Release = (3, 1)
"""The first that reads the constant of ranks beside the technique; one before passes over it there without a word."""


_LARGEST_CONSTANT = 10_000
"""Of ranks, in any OpenSearch."""


class Inline(NamedTuple):
    """A fusion as the server does it."""

    name: str
    """As requests that use it are called."""
    processor: Callable[[SearchRequest, Release], dict[str, Any]]
    weights_since: Release
    """The first OpenSearch that takes other weights than half and half."""


def _min_max(request: SearchRequest, _: Release) -> dict[str, Any]:
    combination = {"technique": "arithmetic_mean", "parameters": {"weights": _weights(request)}}
    return {"normalization-processor": {"normalization": {"technique": "min_max"}, "combination": combination}}


def _rrf(request: SearchRequest, release: Release) -> dict[str, Any]:
    combination: dict[str, Any] = {"technique": "rrf"}
    if release >= _CONSTANT_BESIDE:
        combination["rank_constant"] = request.rrf_k
    else:
        combination["parameters"] = {"rank_constant": request.rrf_k}
    if request.dense_weight != 0.5:
        combination["parameters"] = {"weights": _weights(request)}
    return {"score-ranker-processor": {"combination": combination}}


def _weights(request: SearchRequest) -> list[float]:
    """In the order of the lists; the server wants no whole numbers."""
    return [float(1 - request.dense_weight), float(request.dense_weight)]


INLINE: dict[str, Inline] = {
    "interpolate": Inline("min-max", _min_max, OLDEST),
    "rrf": Inline("rrf", _rrf, (3, 1)),
}
"""Our fusion → how a server does it."""


def pipeline(fusion: str, request: SearchRequest, unsent: Unsent) -> dict[str, Any]:
    """The search pipeline to put into a request's body: nothing is installed."""
    return {"phase_results_processors": [INLINE[fusion].processor(request, release(unsent))]}


def hybrid(clauses: Sequence[object], depth: int) -> dict[str, Any]:
    """Several lists, each `depth` long, for the request's pipeline to fuse."""
    return {"hybrid": {"pagination_depth": depth, "queries": list(clauses)}}


def release(unsent: Unsent) -> Release:
    """What requests are written for."""
    return NEWEST if unsent.server is None else unsent.server.version[:2]


def lacking(fusion: str, request: SearchRequest, unsent: Unsent) -> str:
    """What the cluster is known to lack to fuse so, as a sentence; "" for nothing."""
    server, inline = unsent.server, INLINE[fusion]
    if fusion == "rrf" and request.rrf_k > _LARGEST_CONSTANT:
        return f"No query for rrf is shown: OpenSearch takes no constant of ranks above {_LARGEST_CONSTANT:,}."
    if server is None:
        return ""
    if server.has_neural_search is False:
        return "No hybrid query is shown: the cluster lacks the plugin opensearch-neural-search."
    if server.version[:2] < OLDEST:
        return f"No hybrid query is shown: OpenSearch {server.release} cannot say how long its lists are; 2.19 can."
    if request.dense_weight != 0.5 and server.version[:2] < inline.weights_since:
        since = ".".join(map(str, inline.weights_since))
        return f"No query for {inline.name} is shown: OpenSearch {server.release} takes no weights there; {since} does."
    return ""


def order_of(fusion: str, request: SearchRequest, unsent: Unsent, *, is_inner_product: bool) -> str:
    """How the server's order compares with that of `biocpt search`."""
    ours = f"`biocpt search --fusion {fusion} --rerank none`"
    if fusion != request.fusion:
        ours += f" (asked for was --fusion {request.fusion})"
    if unsent.shards > 1:
        return f"Near {ours}, not the same: the server fuses the candidates of each of the {unsent.shards} shards."
    exceptions = ["ties, in the lists too"]
    if fusion == "interpolate":
        exceptions = ["ties", "the last of each list (.001 there, 0 here)"]
        if is_inner_product:
            exceptions.append("negative inner products, which are scaled otherwise")
    if unsent.is_exact:
        exceptions.append(MISSED)
    return f"The same as {ours}, but for {'; '.join(exceptions)}."


MISSED = "what the graph misses, where biocpt compares so few vectors one by one"
"""In which a request through the graph may differ from `lists`."""
