"""Proof that a cluster reaches our models: each is asked through the cluster, in the way that searches ask it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import orjson

from indexer.article import Article, text_digest
from indexer.engines.location import Location
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.connection_errors import NotLetIn
from indexer.engines.opensearch.connectors.bodies import ModelServer, Role, name_of
from indexer.engines.opensearch.connectors.errors import BadPrediction, KeyRefused
from indexer.engines.opensearch.connectors.registry import id_of, predict

QUESTION = '"statins" and \\ {hearts}'
"""With signs that break a string that is not quoted as JSON."""

ARTICLES = (
    Article(id="", order=0, title="Statins and the heart", abstract="A trial in which statins were given."),
    Article(id="", order=0, title="Roof tiles of clay", abstract="How they are burnt."),
)

Ask: TypeAlias = Callable[[Cluster, str, str, int | None], str]
"""Asks the model of an id and a name, whose vectors are so wide; says what came."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What a model answered, in a few words."""

    name: str
    said: str


def check(location: Location, server: ModelServer, dimension: int | None) -> tuple[Proof, ...]:
    """Ask every model once.

    Args:
        location: of the cluster.
        server: whose models.
        dimension: of the index's vectors; None: whatever comes.

    Raises:
        NotInstalled, BadPrediction: a model is not there, or does not give what it should.
        KeyRefused: the model server asks for another key.
        RequestRefused: the cluster could not ask it; the message says why.
    """
    cluster = Cluster(address.parse(location.name), location.access)
    try:
        return tuple(
            _proof(cluster, name_of(server.model_set, role), ask, dimension) for role, ask in _QUESTIONS.items()
        )
    finally:
        cluster.close()


def _proof(cluster: Cluster, name: str, ask: Ask, dimension: int | None) -> Proof:
    id = id_of(cluster, name)
    try:
        return Proof(name, ask(cluster, id, name, dimension))
    except NotLetIn as error:  # by the model server, whose status the cluster passes on: we have been let in before
        raise KeyRefused(name=name) from error


def _embedding(cluster: Cluster, id: str, name: str, dimension: int | None) -> str:
    """As a `neural` query asks."""
    body = {"text_docs": [QUESTION], "return_number": True, "target_response": ["sentence_embedding"]}
    (tensor,) = predict(cluster, id, body, algorithm="text_embedding")
    return _vector(name, tensor["data"], dimension)


def _parameters(cluster: Cluster, id: str, name: str, dimension: int | None) -> str:
    """As the processor before a `template` query asks."""
    (tensor,) = predict(cluster, id, {"parameters": {"texts": [QUESTION]}})
    if tensor["dataAsMap"]["text"] != QUESTION:
        raise BadPrediction(name=name, why="it does not give the text back")
    return _vector(name, tensor["dataAsMap"]["vector"], dimension)


def _rewriting(cluster: Cluster, id: str, name: str, dimension: int | None) -> str:
    """As the processor before a bare `match` asks."""
    asked = {"size": 7, "query": {"match": {"title_abstract": {"query": QUESTION}}}}
    (tensor,) = predict(cluster, id, {"parameters": {"search": asked}})
    search = orjson.loads(tensor["dataAsMap"]["search"])
    words, nearest = search["query"]["hybrid"]["queries"]
    if words != asked["query"] or search["size"] != asked["size"]:
        raise BadPrediction(name=name, why="it does not keep what a search asks for")
    ((_, knn),) = nearest["knn"].items()
    return _vector(name, knn["vector"], dimension)


def _scores(cluster: Cluster, id: str, name: str, _: int | None) -> str:
    """As the re-rank processor asks: the article that answers has to come before the other."""
    texts = [f"{each.title}true{text_digest(each)}{each.abstract}" for each in ARTICLES]
    found = predict(cluster, id, {"query_text": QUESTION, "text_docs": texts}, algorithm="text_similarity")
    scores = [float(tensor["data"][0]) for tensor in found]
    if len(scores) != len(texts) or not all(map(math.isfinite, scores)):
        raise BadPrediction(name=name, why=f"its scores are {scores}")
    return f"scores {' and '.join(f'{score:.4g}' for score in scores)}"


def _vector(name: str, numbers: Sequence[float], dimension: int | None) -> str:
    if dimension is not None and len(numbers) != dimension:
        raise BadPrediction(name=name, why=f"its vectors have {len(numbers)} numbers, and the index's {dimension}")
    if not any(numbers) or not all(map(math.isfinite, numbers)):
        raise BadPrediction(name=name, why="its vector is no direction")
    return f"a vector of {len(numbers)} numbers"


_QUESTIONS: dict[Role, Ask] = {
    "query": _embedding,
    "vector": _parameters,
    "rewrite": _rewriting,
    "rerank": _scores,
}
