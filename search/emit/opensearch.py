"""The requests that ask OpenSearch what `biocpt search` asks it: the lists as we send them, and whole answers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from indexer.analysis import sound
from indexer.engines.opensearch.contents.documents import Clause
from indexer.engines.opensearch.searching.unsent import Telling, Unsent
from indexer.queries import Lexical, Nearest, Probe
from search.emit.emission import LINES, Emission, Emitted, encoded, path
from search.emit.errors import NoRequests
from search.emit.fused import MISSED, NAMES, hybrid, lacking, order_of, pipeline, release
from search.emit.template import LARGEST, template
from search.request import SearchRequest
from search.searcher import Searcher

_NO_PIPELINE: Mapping[str, Any] = {}
"""In place of the index's default one, which might change the list."""


def emission(searcher: Searcher, request: SearchRequest) -> Emission:
    """All requests for one question.

    Raises:
        NoRequests: the index is a folder, or no reader tells what it sends.
        SearchError, IndexerError: as `searcher.search` would.
    """
    index = searcher.index
    if not isinstance(index, Telling):
        raise NoRequests(searcher.info.location)
    probes = searcher.asks(request)
    unsent = index.would_send(list(probes.values()))
    found = [_lists(probes, request, unsent), *_alone(probes, request, unsent)]
    notes = [*unsent.gaps]
    if unsent.server is None:
        notes.append("Who asks may not see the server's version, so hybrid requests are written for the newest known.")
    if len(probes) > 1:
        space = searcher.info.space
        for fusion in sorted(NAMES, key=lambda fusion: fusion != request.fusion):
            if without := lacking(fusion, request, unsent):
                notes.append(without)
            else:
                is_inner = space is not None and space.similarity == "ip"
                found.append(_hybrid(fusion, request, unsent, is_inner_product=is_inner))
    stored = template(index, probes, request, unsent)
    if any(len(each.body) > LARGEST for each in stored if each.method == "PUT"):
        notes.append(f"No template is shown: with these filters it is larger than the {LARGEST:,} bytes of a script.")
    else:
        found += stored
    if request.rerank:
        notes.append("No request re-ranks: `biocpt search` re-ranks the first of what these find.")
    return Emission(
        question=sound(request.query),
        to=unsent.address.cluster,
        server=f"OpenSearch {'.'.join(map(str, release(unsent))) if unsent.server is None else unsent.server.release}",
        requests=found,
        notes=list(dict.fromkeys(notes)),
    )


def _lists(probes: Mapping[str, Probe], request: SearchRequest, unsent: Unsent) -> Emitted:
    names = " and ".join(probes)
    return Emitted(
        name="lists",
        path=path(unsent.index, "_msearch", **unsent.params),
        body=unsent.lists,
        kind=LINES,
        about=f"What biocpt sends itself: {names}, {request.depth} hits each, no articles; `sort` is score and id.",
        order="The very lists that `biocpt search` fuses.",
    )


def _alone(probes: Mapping[str, Probe], request: SearchRequest, unsent: Unsent) -> list[Emitted]:
    """A request for each list by itself, with articles."""
    found = []
    for (name, probe), clause in zip(probes.items(), unsent.clauses, strict=True):
        body = {**_page_of_list(request, unsent), "query": clause, "search_pipeline": _NO_PIPELINE}
        order = f"That of the {name} list, but for ties"
        if isinstance(probe, Nearest) and unsent.is_exact:
            order += f"; {MISSED}"
        filtered = " among those that the filters let through" if probe.within is not None else ""
        what = "The best by words" if isinstance(probe, Lexical) else "The nearest vectors"
        found.append(
            Emitted(
                name="lexical" if isinstance(probe, Lexical) else "knn",
                path=path(unsent.index, "_search"),
                body=encoded(body),
                about=f"{what}{filtered}, with their articles.",
                order=f"{order}.",
            )
        )
    return found


def _hybrid(fusion: str, request: SearchRequest, unsent: Unsent, *, is_inner_product: bool) -> Emitted:
    query: Clause = hybrid(unsent.clauses, request.depth)
    body = {**page(request, unsent), "query": query, "search_pipeline": pipeline(fusion, request, unsent)}
    return Emitted(
        name=f"hybrid-{NAMES[fusion]}",
        path=path(unsent.index, "_search"),
        body=encoded(body),
        about=f"Both lists, fused by the server ({NAMES[fusion]}), with articles; the pipeline is in the body.",
        order=order_of(fusion, request, unsent, is_inner_product=is_inner_product),
    )


def _page_of_list(request: SearchRequest, unsent: Unsent) -> dict[str, Any]:
    """The same of one list, which ends at its depth: `k` of a query for the nearest holds for each segment."""
    return page(replace(request, limit=min(request.limit, request.depth - request.offset)), unsent)


def page(request: SearchRequest, unsent: Unsent) -> dict[str, Any]:
    """Which hits come back, and what of them: all but the vector."""
    start = {"from": request.offset} if request.offset else {}
    return {"size": request.limit, **start, "_source": {"excludes": [unsent.hidden]}}
