"""How our fusions are told to a server, and how far its order is ours."""

from collections.abc import Sequence

from indexer.engines.opensearch.pipelines.bodies import KINDS, Body, Kind
from indexer.engines.opensearch.searching.unsent import Unsent
from search.fusion import FusionOptions
from search.pipelines import FUSION, wish
from search.request import SearchRequest

PIPELINES = {fusion: kind for kind, fusion in FUSION.items()}
"""Our fusion → the kind of search pipeline that does the same on a server."""

OLDEST = (2, 19)
"""The first OpenSearch in which a `hybrid` query says how many candidates each of its lists gives."""


def pipeline(fusion: str, request: SearchRequest, unsent: Unsent) -> Body:
    """The search pipeline to put into a request's body: nothing is installed."""
    kind, options = PIPELINES[fusion], FusionOptions(k=request.rrf_k, dense_weight=request.dense_weight)
    return KINDS[kind].processors(wish([kind], options).weighing, unsent.server.version[:2])


def hybrid(clauses: Sequence[object], depth: int) -> Body:
    """Several lists, each `depth` long, for the request's pipeline to fuse."""
    return {"hybrid": {"pagination_depth": depth, "queries": list(clauses)}}


def lacking(fusion: str, request: SearchRequest, unsent: Unsent) -> str:
    """What the cluster lacks to fuse so, as a sentence; "" for nothing."""
    server, kind = unsent.server, KINDS[PIPELINES[fusion]]
    if server.has_neural_search is False:
        return "No hybrid query is shown: the cluster lacks the plugin opensearch-neural-search."
    if server.version[:2] < OLDEST:
        return f"No hybrid query is shown: OpenSearch {server.release} cannot say how long its lists are; 2.19 can."
    if request.dense_weight != 0.5 and server.version[:2] < kind.weights_since:
        return _unweighted(fusion, kind, server.release)
    return ""


def _unweighted(fusion: str, kind: Kind, release: str) -> str:
    since = ".".join(map(str, kind.weights_since))
    return f"No query for {PIPELINES[fusion]} is shown: OpenSearch {release} takes no weights there; {since} does."


def order_of(fusion: str, request: SearchRequest, unsent: Unsent, *, is_inner_product: bool) -> str:
    """How the server's order compares with that of `biocpt search`."""
    ours = f"`biocpt search --fusion {fusion} --rerank none`"
    if fusion != request.fusion:
        ours += f" (asked for was --fusion {request.fusion})"
    if unsent.shards > 1:
        return f"Near {ours}, not the same: the server fuses the candidates of each of the {unsent.shards} shards."
    exceptions = ["ties"]
    if fusion == "interpolate":
        exceptions.append("the last of each list (.001 there, 0 here)")
        if is_inner_product:
            exceptions.append("negative inner products, which are scaled otherwise")
    if unsent.is_exact:
        exceptions.append(MISSED)
    return f"The same as {ours}, but for {'; '.join(exceptions)}."


MISSED = "what the graph misses, where biocpt compares so few vectors one by one"
"""In which a request through the graph may differ from `lists`."""
