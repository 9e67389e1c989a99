"""What a cluster is told of the model server: a connector and a remote model a role. Add a role: a row in ROLES.

Every text goes out as a part of a list or an object, never as a string of its own: ml-commons leaves a string that
happens to be a JSON object or list unescaped (seen at 3.6.0).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

from indexer.engines.opensearch.contents.documents import VECTOR

Body: TypeAlias = Mapping[str, Any]
Role: TypeAlias = Literal["query", "vector", "rerank", "rewrite"]

_MARK = "biocpt-search: "
_FUNCTIONS = "connector.{way}_process.{name}"


class Kind(NamedTuple):
    """What one role asks of the model server."""

    about: str
    """As its description tells: ml-commons allows no signs but `.,!?():@-_'/"`."""
    side: Literal["query", "rerank"]
    path: str
    body: str
    """The request's body; `${parameters.…}` stand for JSON."""
    functions: str = ""
    """Of ml-commons, which turn texts into parameters and answers into numbers; "" for none."""


ROLES: dict[Role, Kind] = {
    "query": Kind(
        "the vector of a question, for neural queries",
        "query",
        "/v1/embeddings",
        '{"model": "${parameters.model}", "input": ${parameters.input}}',
        "openai.embedding",
    ),
    "vector": Kind(
        "the vector of a question, for template queries",
        "query",
        "/opensearch/vector",
        '{"model": "${parameters.model}", "texts": ${parameters.texts}}',
    ),
    "rewrite": Kind(
        "a search for words made one by words and by meaning",
        "query",
        "/opensearch/rewrite",
        '{"model": "${parameters.model}", "field": "${parameters.field}", "search": ${parameters.search}}',
    ),
    "rerank": Kind(
        "the order of articles by a re-ranker",
        "rerank",
        "/opensearch/rerank",
        '{"model": "${parameters.model}", "queries": ${parameters.queries}, "sources": ${parameters.sources}}',
        "bedrock.rerank",
    ),
}
"""`bedrock.rerank` is what turns a question and documents into lists; and unlike Cohere's it reads scores of more than
18 characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelServer:
    """Where `biocpt serve` listens, as the cluster's nodes reach it, and the key that it asks for."""

    url: str
    """With no slash at its end."""
    model_set: str
    """Whose models answer."""
    key: str = field(default="", repr=False)


def name_of(model_set: str, role: Role) -> str:
    """Of the connector and of its model: `biocpt-medcpt-query`."""
    return f"biocpt-{model_set}-{role}"


def connector(server: ModelServer, role: Role) -> Body:
    """The body of `POST /_plugins/_ml/connectors/_create`."""
    kind = ROLES[role]
    action = {
        "action_type": "predict",
        "method": "POST",
        "url": f"{server.url}{kind.path}",
        "headers": {"Content-Type": "application/json", "Authorization": "Bearer ${credential.key}"},
        "request_body": kind.body,
    }
    if kind.functions:
        for way in ("pre", "post"):
            action[f"{way}_process_function"] = _FUNCTIONS.format(way=way, name=kind.functions)
    return {
        "name": name_of(server.model_set, role),
        "description": f"{_MARK}{kind.about}",
        "version": "1",
        "protocol": "http",
        "parameters": {"model": f"{server.model_set}-{kind.side}", "field": VECTOR},
        "credential": {"key": server.key or "none"},
        "actions": [action],
    }


def model(server: ModelServer, role: Role, connector_id: str) -> Body:
    """The body of `POST /_plugins/_ml/models/_register`."""
    return {
        "name": name_of(server.model_set, role),
        "function_name": "remote",
        "description": f"{_MARK}{ROLES[role].about}",
        "connector_id": connector_id,
    }


def is_ours(found: Body) -> bool:
    """Whether a connector or a model says that we made it."""
    return str(found.get("description", "")).startswith(_MARK)


def stands_for(found: Body, wanted: Body) -> bool:
    """Whether a connector that was found is as it should be; its key cannot be read, and is not compared."""
    ours, theirs = wanted["actions"][0], (found.get("actions") or [{}])[0]
    same_action = all(theirs.get(name) == value for name, value in ours.items() if name != "action_type")
    return same_action and found.get("parameters") == wanted["parameters"]
