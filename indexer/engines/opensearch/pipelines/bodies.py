"""What the search pipelines of ours do, and how they are marked as ours. Add a kind: a function and a row in KINDS.

A pipeline fuses the lists of a client's `hybrid` query, whose first part is by words and whose second by vectors; some
make that query, ask our model server for vectors, and have it re-rank the best.
The server's arithmetic was read in the source of its plugin neural-search, and is compared with ours by the tests.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

Body: TypeAlias = Mapping[str, Any]

VERSION = 1
"""Of all bodies here, written into each: raise it when one changes."""

Release: TypeAlias = tuple[int, int]

NEWEST: Release = (3, 6)
"""That bodies are written for, where no cluster is asked."""

GLOBAL_RANKS: Release = (3, 5)
"""The first OpenSearch whose RRF ranks the hits of all shards together; before it, each shard's by themselves."""

_WEIGHTS_OF_RANKS: Release = (3, 1)
_USUAL_CONSTANT = 60

_MARK = "biocpt-search: "
_REPLACED = re.compile(r" In place of the default pipeline '(.+)'\.$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """What fusions can be told: the constant of ranks, and the weight of the vectors' list against the words'."""

    rank_constant: int
    dense_weight: float

    @property
    def weights(self) -> list[float]:
        """In the order of the `hybrid` query's parts; the server wants a sum of 1, and no whole numbers."""
        return [float(1 - self.dense_weight), float(self.dense_weight)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What a pipeline is made of."""

    weighing: Weighing
    release: Release = NEWEST
    """Of the server that it is for."""
    models: Mapping[str, str] = field(default_factory=dict)
    """Ids by role (`connectors.bodies.ROLES`), for kinds that ask models."""
    fusion: Literal["min-max", "rrf"] = "min-max"
    """Of these."""
    factor: int = 5
    """How many times the hits that a client asks for these fuse and re-rank."""


class Kind(NamedTuple):
    """One kind of pipeline."""

    about: str
    """What it does, as its description tells whoever finds it in the cluster."""
    processors: Callable[[Making], Body]
    since: Release
    """The first OpenSearch that has what it needs."""
    weights_since: Release
    """The first that takes other weights than half and half."""
    roles: tuple[str, ...] = ()
    """Of the models that it asks."""


def _rrf(making: Making) -> Body:
    """Sums 1 / (constant + rank) over both lists. What is the server's own default is left out.

    Before 3.1 the constant is read from another place, and passed over without a word in the one of later servers.
    """
    weighing, combination = making.weighing, dict[str, Any](technique="rrf")
    if weighing.rank_constant != _USUAL_CONSTANT:
        place = combination if making.release >= _WEIGHTS_OF_RANKS else combination.setdefault("parameters", {})
        place["rank_constant"] = weighing.rank_constant
    if weighing.dense_weight != 0.5:
        combination["parameters"] = {"weights": weighing.weights}
    return {"phase_results_processors": [{"score-ranker-processor": {"combination": combination}}]}


def _min_max(making: Making) -> Body:
    """The weighted mean of scores scaled to 0.001 (the lowest of its list) … 1; what a list lacks counts 0 there."""
    fusing = {
        "normalization": {"technique": "min_max"},
        "combination": {"technique": "arithmetic_mean", "parameters": {"weights": making.weighing.weights}},
    }
    return {"phase_results_processors": [{"normalization-processor": fusing}]}


def _neural(making: Making) -> Body:
    """The client sends `hybrid` with a `neural` part that names no model."""
    return _reranked({"neural_query_enricher": {"default_model_id": making.models["query"]}}, making)


def _template(making: Making) -> Body:
    """The client sends `template` with its text in `ext`. A path that finds many gives a list, which is always JSON.

    The re-ranker's text is put in here: a server cannot read again how it writes that extension of a client's.
    """
    infer = {
        "model_id": making.models["vector"],
        "input_map": [{"texts": "$..ml_inference.text"}],
        "output_map": [{"ext.ml_inference.vector": "vector", "ext.rerank.query_context.query_text": "text"}],
    }
    return _reranked({"ml_inference": infer}, making)


def _rewrite(making: Making) -> Body:
    """The client sends what it always sent; the whole search goes to our server, and comes back as a hybrid one.

    A search for no text comes back as it was, and has nothing to be re-ranked by: that failure is passed over.
    """
    infer = {
        "model_id": making.models["rewrite"],
        "input_map": [{"search": "$"}],
        "output_map": [{"search": "search"}],
        "query_template": "${search}",
    }
    return _reranked({"ml_inference": infer}, making, is_optional=True)


def _reranked(first: Body, making: Making, *, is_optional: bool = False) -> Body:
    """Ask for more than the client wants, fuse, re-rank by the articles' whole texts, and give what is wanted."""
    rerank = {
        "ml_opensearch": {"model_id": making.models["rerank"]},
        "context": {"document_fields": list(JOINED)},
        "ignore_failure": is_optional,
    }
    return {
        "request_processors": [first, {"oversample": {"sample_factor": making.factor}}],
        **KINDS[making.fusion].processors(making),
        "response_processors": [{"rerank": rerank}, {"truncate_hits": {}}],
    }


JOINED = ("title", "has_text", "text_digest", "abstract")
"""The fields that the re-rank processor joins, with nothing in between. The digest of title and abstract stands between
the two, so that our server can tell where the one ends, and whether a search left anything out of `_source`."""

KINDS: dict[str, Kind] = {
    "min-max": Kind("fuses a hybrid query by the weighted mean of min-max-scaled scores", _min_max, (2, 11), (2, 11)),
    "rrf": Kind("fuses a hybrid query by reciprocal ranks", _rrf, (2, 19), _WEIGHTS_OF_RANKS),
    "neural": Kind("embeds, fuses and re-ranks a hybrid query", _neural, (3, 1), (3, 1), ("query", "rerank")),
    "template": Kind("embeds, fuses and re-ranks a template query", _template, (3, 1), (3, 1), ("vector", "rerank")),
    "rewrite": Kind(
        "makes a search for words a hybrid one, fuses and re-ranks it", _rewrite, (3, 1), (3, 1), ("rewrite", "rerank")
    ),
}
WITHOUT_MODELS = tuple(name for name, kind in KINDS.items() if not kind.roles)


def name_of(alias: str, kind: str) -> str:
    """`pubmed-rrf`: each index has its own, as weights may differ."""
    return f"{alias}-{kind}"


def body(alias: str, kind: str, making: Making, *, replaced: str = "") -> Body:
    """The body of `PUT /_search/pipeline/<name>`.

    Args:
        alias: the index that it is made for.
        kind: in KINDS.
        making: what it is made of.
        replaced: the default pipeline of somebody else's in whose place this one stands; "" for none.
    """
    instead = f" In place of the default pipeline '{replaced}'." if replaced else ""
    about = f"{_MARK}{KINDS[kind].about}, for the index {alias}.{instead}"
    return {"description": about, "version": VERSION, **KINDS[kind].processors(making)}


def is_ours(body: Body, alias: str) -> bool:
    """Whether a pipeline that was found says that we made it for this index."""
    said = str(body.get("description", ""))
    return said.startswith(_MARK) and f", for the index {alias}." in said


def replaced_by(body: Body) -> str:
    """The default that a pipeline of ours stands in the place of; "" for none."""
    found = _REPLACED.search(str(body.get("description", "")))
    return found[1] if found else ""


def version_of(body: Body) -> int:
    """Of the biocpt that wrote it; 0 where somebody took the number away."""
    version = body.get("version")
    return version if isinstance(version, int) else 0
