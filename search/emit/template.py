"""A search template that is stored in the cluster once: clients then send a text, its vector and a page."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from indexer.analysis import distinct_words
from indexer.engines.opensearch.searching.unsent import Telling, Unsent
from indexer.queries import Lexical, Match, Probe
from search.emit.emission import Emitted, encoded, path
from search.emit.fused import NAMES, hybrid, lacking, pipeline
from search.request import SearchRequest

_TEXT, _SIZE, _FROM = "biocpttemplatetext", "biocpttemplatesize", "biocpttemplatefrom"
"""Stand for what clients send: words that every analysis leaves whole."""

_TAGS = {
    _TEXT: "{{text}}",
    f'"{_SIZE}"': "{{size}}{{^size}}10{{/size}}",
    f'"{_FROM}"': "{{from}}{{^from}}0{{/from}}",
}
LARGEST = 65_535
"""Bytes of a script that a cluster stores, unless its operator allows more."""

_VECTOR = "{{#toJson}}vector{{/toJson}}"

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY


def template(index: Telling, probes: Mapping[str, Probe], request: SearchRequest, unsent: Unsent) -> list[Emitted]:
    """The request that stores the template of a question's mode, fusion and filters, and one that uses it.

    None, where the server cannot fuse as asked.
    """
    is_fused = len(probes) > 1
    if is_fused and lacking(request.fusion, request, unsent):
        return []
    kind = NAMES[request.fusion] if is_fused else next(iter(probes))
    name = f"biocpt-{unsent.index}-{kind}"
    asked = index.would_send([_with_mark(probe) for probe in probes.values()])
    script = {"script": {"lang": "mustache", "source": _source(asked, request)}}
    same = f"hybrid-{kind}" if is_fused else {"dense": "knn"}.get(kind, kind)
    return [
        Emitted(
            name="template",
            method="PUT",
            path=path("_scripts", name),
            body=encoded(script),
            about="Stores a search template: the filters, depth and weights of this question hold for all who use it.",
        ),
        Emitted(
            name="template-call",
            path=path(unsent.index, "_search", "template"),
            body=encoded({"id": name, "params": _params(asked, unsent, request)}),
            about="Asks by the template. Another question is another text, each word of it once, and another vector.",
            order=f"That of the request {same}.",
        ),
    ]


def _params(marked: Unsent, unsent: Unsent, request: SearchRequest) -> dict[str, Any]:
    params: dict[str, Any] = {"size": request.limit, "from": request.offset}
    vectors = list(_arrays(unsent.clauses))
    if len(vectors) < len(unsent.clauses):
        sent = _at_mark(marked.clauses, unsent.clauses)
        params["text"] = " ".join(distinct_words(request.query)) if sent is None else sent
    return {**params, "vector": vectors[0]} if vectors else params


def _at_mark(marked: object, real: object) -> str | None:
    """What stands in `real` where the mark stands: of a long question, the words that are looked up."""
    if isinstance(marked, str):
        return real if marked == _TEXT and isinstance(real, str) else None
    pairs: Iterable[tuple[object, object]] = ()
    if isinstance(marked, Mapping) and isinstance(real, Mapping):
        pairs = ((marked[key], real[key]) for key in marked.keys() & real.keys())
    elif isinstance(marked, list | tuple) and isinstance(real, list | tuple):
        pairs = zip(marked, real, strict=False)
    return next((text for pair in pairs if (text := _at_mark(*pair)) is not None), None)


def _with_mark(probe: Probe) -> Probe:
    """The probe with a word that stands for its text."""
    if isinstance(probe, Lexical) and isinstance(probe.query, Match):
        return replace(probe, query=replace(probe.query, text=_TEXT))
    return probe


def _source(unsent: Unsent, request: SearchRequest) -> str:
    """The body with mustache's tags in it; what looks like a tag in a filter is none."""
    is_fused = len(unsent.clauses) > 1
    body = {
        "size": _SIZE,
        "from": _FROM,
        "_source": {"excludes": [unsent.hidden]},
        "query": hybrid(unsent.clauses, request.depth) if is_fused else unsent.clauses[0],
        "search_pipeline": pipeline(request.fusion, request, unsent) if is_fused else {},
    }
    text = orjson.dumps(body, option=_OPTIONS).decode().replace("{{", "\\u007b\\u007b")
    for vector in _arrays(unsent.clauses):
        text = text.replace(orjson.dumps(vector, option=_OPTIONS).decode(), _VECTOR)
    for mark, tag in _TAGS.items():
        text = text.replace(mark, tag)
    return text


def _arrays(clause: object) -> Iterator[NDArray[np.float32]]:
    """The vectors in a query, or in several."""
    if isinstance(clause, np.ndarray):
        yield clause
    elif isinstance(clause, Mapping):
        for part in clause.values():
            yield from _arrays(part)
    elif isinstance(clause, list | tuple):
        for part in clause:
            yield from _arrays(part)
