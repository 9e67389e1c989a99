"""Make a cluster ask our model server: settings, connectors and models. Run again, it changes what differs alone."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from indexer.engines.location import Location
from indexer.engines.opensearch.connecting import address
from indexer.engines.opensearch.connecting.connection import Cluster
from indexer.engines.opensearch.connecting.connection_errors import MissingRight
from indexer.engines.opensearch.connectors import settings
from indexer.engines.opensearch.connectors.bodies import ROLES, ModelServer, Role, connector, name_of, stands_for
from indexer.engines.opensearch.connectors.registry import (
    change_connector,
    delete,
    deploy,
    find,
    find_all,
    make_connector,
    make_model,
    undeploy,
    wait_until_deployed,
)

Outcome = Literal["installed", "changed", "unchanged"]


class Installed(NamedTuple):
    """A model of ours in the cluster."""

    role: Role
    name: str
    id: str
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was done."""

    models: tuple[Installed, ...]
    settings: Mapping[str, Any]
    """What had to be set."""
    request: Mapping[str, Any]
    """The body that sets it; {} where nothing had to be."""
    why_not_set: str
    """Who asks may not set them: an administrator has to, before anything else can be done. "" where they are set."""


def install(location: Location, server: ModelServer, *, force: bool = False) -> Report:
    """Put settings, connectors and models in place; `force` writes connectors anew, for a new key.

    Raises:
        NoMachineLearning: the cluster has no ml-commons.
        ForeignConnector: something of that name is not ours; nothing is changed.
        NotDeployed: a model does not come to answer.
        MissingRight: who asks may not make connectors or models; of settings the report says so.
    """
    cluster = Cluster(address.parse(location.name), location.access)
    try:
        _refuse_foreign(cluster, server)
        wanted = settings.missing(cluster, server.url)
        request = settings.body(cluster, wanted)
        try:
            settings.put(cluster, wanted)
        except MissingRight as error:
            return Report(models=(), settings=wanted, request=request, why_not_set=str(error))
        models = tuple(_install(cluster, server, role, force) for role in ROLES)
        for model in models:
            wait_until_deployed(cluster, model.id, model.name)
        return Report(models=models, settings=wanted, request=request, why_not_set="")
    finally:
        cluster.close()


def remove(location: Location, server: ModelServer) -> tuple[str, ...]:
    """Remove what is ours; the names of models and connectors that were there.

    Raises: ForeignConnector, for one that is not ours; then nothing is removed.
    """
    cluster = Cluster(address.parse(location.name), location.access)
    removed: list[str] = []
    try:
        _refuse_foreign(cluster, server)
        for role in ROLES:
            name = name_of(server.model_set, role)
            for found in find_all(cluster, "model", name):
                undeploy(cluster, found.id)
                delete(cluster, "model", found.id)
                removed.append(name)
            for found in find_all(cluster, "connector", name):
                delete(cluster, "connector", found.id)
                removed.append(name)
        with suppress(MissingRight):  # what is trusted stays so: nobody of ours is asked any more
            settings.distrust(cluster, server.url)
        return tuple(dict.fromkeys(removed))
    finally:
        cluster.close()


def _refuse_foreign(cluster: Cluster, server: ModelServer) -> None:
    for role in ROLES:
        find_all(cluster, "connector", name_of(server.model_set, role))
        find_all(cluster, "model", name_of(server.model_set, role))


def _install(cluster: Cluster, server: ModelServer, role: Role, force: bool) -> Installed:
    name = name_of(server.model_set, role)
    there, model = find(cluster, "connector", name), find(cluster, "model", name)
    outcome: Outcome = "unchanged"
    if there is None:
        connector_id, outcome = make_connector(cluster, server, role), "installed"
    else:
        connector_id = there.id
        if force or not stands_for(there.body, connector(server, role)):
            if model is not None:
                undeploy(cluster, model.id)
                model = find(cluster, "model", name)
            change_connector(cluster, server, role, connector_id)
            outcome = "changed"
    if model is not None and model.body.get("connector_id") != connector_id:
        undeploy(cluster, model.id)
        delete(cluster, "model", model.id)
        model = None
    if model is None:
        made = make_model(cluster, server, role, connector_id)
        return Installed(role, name, made, "installed" if outcome != "changed" else outcome)
    if deploy(cluster, model) and outcome == "unchanged":
        outcome = "changed"
    return Installed(role, name, model.id, outcome)
