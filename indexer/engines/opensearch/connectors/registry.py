"""Connectors and models of ours in a cluster: looked up by name, made, changed and removed."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connectors.bodies import (
    ROLES,
    Body,
    ModelServer,
    Role,
    connector,
    is_ours,
    model,
    name_of,
)
from indexer.engines.opensearch.connectors.errors import ForeignConnector, NoMachineLearning, NotDeployed, NotInstalled
from indexer.engines.opensearch.errors import RequestRefused

_ML = "/_plugins/_ml"
_DEPLOYED = "DEPLOYED"
_LOADED = frozenset({_DEPLOYED, "PARTIALLY_DEPLOYED", "DEPLOYING"})
_PAUSE = 0.2
"""Seconds between two looks at a model that is being deployed."""
_NO_PLUGIN = "no handler found"

What = Literal["connector", "model"]


@dataclass(frozen=True, slots=True)
class Found:
    """What a cluster holds under one of our names."""

    id: str
    body: Body


def find(cluster: Cluster, what: What, name: str) -> Found | None:
    """The connector or model of that name; the first by id, should there be several.

    Raises: as `find_all`.
    """
    return next(iter(find_all(cluster, what, name)), None)


def find_all(cluster: Cluster, what: What, name: str) -> list[Found]:
    """The connectors or models of that name, by id: several, where two made them at once.

    Raises:
        ForeignConnector: one is not ours.
        NoMachineLearning: the cluster knows nothing of models.
    """
    query = {
        "size": 100,
        "query": {
            "bool": {
                "filter": [{"term": {"name.keyword": name}}],
                "must_not": [{"exists": {"field": "chunk_number"}}],
            }
        },
    }
    try:
        said = cluster.request(
            "POST", f"{_ML}/{what}s/_search", query, ignore=(404,), doing=f"look for the {what} {name!r}"
        )
    except RequestRefused as error:
        if _NO_PLUGIN in error.reason:
            raise NoMachineLearning(address=cluster.address) from error
        raise
    hits = sorted(said.get("hits", {}).get("hits", ()), key=lambda hit: str(hit["_id"]))
    if not all(is_ours(hit["_source"]) for hit in hits):
        raise ForeignConnector(address=cluster.address, what=what, name=name)
    return [Found(hit["_id"], hit["_source"]) for hit in hits]


def ids_of(cluster: Cluster, model_set: str) -> Mapping[str, str]:
    """The ids of a set's models in the cluster, by role.

    Raises: NotInstalled, for the first that is not there.
    """
    return {role: id_of(cluster, name_of(model_set, role)) for role in ROLES}


def id_of(cluster: Cluster, name: str) -> str:
    """Of the model of that name.

    Raises: NotInstalled.
    """
    found = find(cluster, "model", name)
    if found is None:
        raise NotInstalled(address=cluster.address, name=name)
    return found.id


def make_connector(cluster: Cluster, server: ModelServer, role: Role) -> str:
    """A new one; its id."""
    body, name = connector(server, role), name_of(server.model_set, role)
    said = cluster.request("POST", f"{_ML}/connectors/_create", body, doing=f"make the connector {name!r}")
    return str(said["connector_id"])


def change_connector(cluster: Cluster, server: ModelServer, role: Role, id: str) -> None:
    """Write an old one anew; no model that uses it may be deployed."""
    doing = f"change the connector {name_of(server.model_set, role)!r}"
    cluster.request("PUT", f"{_ML}/connectors/{id}", connector(server, role), doing=doing)


def make_model(cluster: Cluster, server: ModelServer, role: Role, connector_id: str) -> str:
    """Register and deploy a new one; its id."""
    body, doing = model(server, role, connector_id), f"register the model {name_of(server.model_set, role)!r}"
    said = cluster.request("POST", f"{_ML}/models/_register", body, params={"deploy": "true"}, doing=doing)
    return str(said["model_id"])


def deploy(cluster: Cluster, found: Found) -> bool:
    """Have a model answer, if it does not yet; whether that was needed."""
    if found.body.get("model_state") in _LOADED:
        return False
    doing = f"deploy the model {found.body.get('name')!r}"
    cluster.request("POST", f"{_ML}/models/{found.id}/_deploy", ignore=(409,), doing=doing)  # somebody else does it
    return True


def wait_until_deployed(cluster: Cluster, id: str, name: str, *, patience: float = 120.0) -> None:
    """Nodes take their time, and answer meanwhile too.

    Raises: NotDeployed, after `patience` seconds.
    """
    deadline, state = time.monotonic() + patience, ""
    while state != _DEPLOYED:
        if time.monotonic() > deadline:
            raise NotDeployed(name=name, state=state, seconds=patience)
        if state:
            time.sleep(_PAUSE)
        said = cluster.request("GET", f"{_ML}/models/{id}", doing=f"read the state of the model {name!r}")
        state = str(said.get("model_state"))


def undeploy(cluster: Cluster, id: str) -> None:
    """Have a model answer no more."""
    cluster.request("POST", f"{_ML}/models/{id}/_undeploy", ignore=(404,), doing=f"undeploy the model {id!r}")


def delete(cluster: Cluster, what: What, id: str) -> None:
    """Remove it; one that is gone is no error."""
    cluster.request("DELETE", f"{_ML}/{what}s/{id}", ignore=(404,), doing=f"remove the {what} {id!r}")


def predict(cluster: Cluster, id: str, body: Mapping[str, Any], *, algorithm: str = "") -> list[Mapping[str, Any]]:
    """The tensors that a model answers with.

    Args:
        cluster: where.
        id: of the model.
        body: `text_docs` and `query_text` with an algorithm, `parameters` without.
        algorithm: `text_embedding` or `text_similarity`; "" for what processors ask.
    """
    path = f"{_ML}/_predict/{algorithm}/{id}" if algorithm else f"{_ML}/models/{id}/_predict"
    said = cluster.request("POST", path, body, doing=f"ask the model {id!r}")
    return [tensor for result in said["inference_results"] for tensor in result["output"]]
