"""How our fusions are told to a server in the body of a request, and how far its order is ours.

`indexer.engines.opensearch.pipelines` installs the same as pipelines with names.
"""

from collections.abc import Sequence
from typing import Any

from indexer.engines.opensearch.pipelines.bodies import KINDS, NEWEST, Making, Release, Weighing
from indexer.engines.opensearch.searching.unsent import Unsent
from search.request import SearchRequest

OLDEST: Release = (2, 19)
"""The first OpenSearch in which a `hybrid` query says how many candidates each of its lists gives."""

_LARGEST_CONSTANT = 10_000
"""Of ranks, in any OpenSearch."""

NAMES: dict[str, str] = {"interpolate": "min-max", "rrf": "rrf"}
"""Our fusion → the kind of pipeline by which a server does it."""


def pipeline(fusion: str, request: SearchRequest, unsent: Unsent) -> dict[str, Any]:
    """The search pipeline to put into a request's body: nothing is installed."""
    weighing = Weighing(rank_constant=request.rrf_k, dense_weight=request.dense_weight)
    return dict(KINDS[NAMES[fusion]].processors(Making(weighing=weighing, release=release(unsent))))


def hybrid(clauses: Sequence[object], depth: int) -> dict[str, Any]:
    """Several lists, each `depth` long, for the request's pipeline to fuse."""
    return {"hybrid": {"pagination_depth": depth, "queries": list(clauses)}}


def release(unsent: Unsent) -> Release:
    """What requests are written for."""
    if unsent.server is None:
        return NEWEST
    major, minor, *_ = unsent.server.version
    return major, minor


def lacking(fusion: str, request: SearchRequest, unsent: Unsent) -> str:
    """What the cluster is known to lack to fuse so, as a sentence; "" for nothing."""
    server, name = unsent.server, NAMES[fusion]
    weights_since = KINDS[name].weights_since
    if fusion == "rrf" and request.rrf_k > _LARGEST_CONSTANT:
        return f"No query for rrf is shown: OpenSearch takes no constant of ranks above {_LARGEST_CONSTANT:,}."
    if server is None:
        return ""
    if server.has_neural_search is False:
        return "No hybrid query is shown: the cluster lacks the plugin opensearch-neural-search."
    if server.version[:2] < OLDEST:
        return f"No hybrid query is shown: OpenSearch {server.release} cannot say how long its lists are; 2.19 can."
    if request.dense_weight != 0.5 and server.version[:2] < weights_since:
        since = ".".join(map(str, weights_since))
        return f"No query for {name} is shown: OpenSearch {server.release} takes no weights there; {since} does."
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
