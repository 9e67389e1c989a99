"""`biocpt connector`: have a cluster's ml-commons ask our model server."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from search.cli.access import IndexCommand
from search.cli.options import index_option, json_option, print_json, with_options

if TYPE_CHECKING:
    from indexer.engines.location import Location
    from indexer.engines.opensearch.connectors.bodies import ModelServer
    from indexer.engines.opensearch.connectors.installing import Report

F = TypeVar("F", bound=Callable[..., Any])

_KEY = "BIOCPT_SERVE_KEY"


def server_options(function: F) -> F:
    """Which model server, and which of its model sets."""
    options = [
        click.option(
            "--server",
            default="http://127.0.0.1:8808",
            show_default=True,
            metavar="URL",
            help=f"Where `biocpt serve` listens, as the cluster's nodes reach it; {_KEY} has the key that it asks for.",
        ),
        click.option("--model", help="The model set. [default: the one that made the index]"),
    ]
    return with_options(function, options)


@click.group(name="connector")
def command() -> None:
    """Have OpenSearch's ml-commons ask the model server, so that clients need send no vectors.

    The cluster is that of the index. docs/pipelines.md says what clients can send then.
    """


@click.command(name="install", cls=IndexCommand)
@index_option
@server_options
@click.option("--force", is_flag=True, help="Write connectors anew that are as they should be: for another key.")
@json_option
def install(index: "Location", server: str, model: str | None, force: bool, as_json: bool) -> None:
    """Make the connectors, register and deploy the models, and let the cluster ask the server.

    Run again, it changes what differs. Settings that you may not set are printed, for an administrator.
    """
    from indexer.engines.opensearch.connectors import installing

    report = installing.install(index, _server(index, server, model), force=force)
    if as_json:
        print_json(_as_json(report))
    else:
        _tell(report)
    if report.why_not_set:
        click.get_current_context().exit(1)


@click.command(name="check", cls=IndexCommand)
@index_option
@server_options
@json_option
def check(index: "Location", server: str, model: str | None, as_json: bool) -> None:
    """Ask every model once through the cluster, in the way that searches ask it."""
    from indexer.engines.opensearch.connectors import checking
    from indexer.engines.opensearch.pipelines.standing import space_of

    asked = _server(index, server, model)
    proofs = checking.check(index, asked, None if model else space_of(index).dimension)
    if as_json:
        print_json({"answers": {proof.name: proof.said for proof in proofs}})
        return
    for proof in proofs:
        click.echo(f"{proof.name}: {proof.said}")


@click.command(name="remove", cls=IndexCommand)
@index_option
@server_options
@json_option
def remove(index: "Location", server: str, model: str | None, as_json: bool) -> None:
    """Remove the connectors and models that biocpt made, and trust the server's address no more."""
    from indexer.engines.opensearch.connectors import installing

    removed = installing.remove(index, _server(index, server, model))
    if as_json:
        print_json({"removed": removed})
    else:
        click.echo(f"Removed: {', '.join(removed)}." if removed else "There was nothing to remove.")


def _server(index: "Location", url: str, model: str | None) -> "ModelServer":
    from indexer.engines.opensearch.connectors.bodies import ModelServer
    from indexer.engines.opensearch.connectors.settings import checked
    from indexer.engines.opensearch.pipelines.standing import space_of
    from search.pipelines import in_cluster

    asked = model or space_of(in_cluster(index)).model
    return ModelServer(url=checked(url), model_set=asked, key=os.environ.get(_KEY, ""))


def _tell(report: "Report") -> None:
    for installed in report.models:
        click.echo(f"{installed.name}: {installed.outcome} ({installed.id})")
    if report.why_not_set:
        click.echo(f"{report.why_not_set}\nAn administrator has to send this first:", err=True)
        click.echo(f"PUT /_cluster/settings\n{_indented(dict(report.request))}")
    elif report.settings:
        click.echo(f"Set in the cluster: {', '.join(report.settings)}")


def _indented(value: object) -> str:
    import orjson

    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _as_json(report: "Report") -> dict[str, Any]:
    return {
        "models": {model.name: {"id": model.id, "outcome": model.outcome} for model in report.models},
        "settings": dict(report.settings),
        "why_not_set": report.why_not_set or None,
    }


for _inner in (install, check, remove):
    command.add_command(_inner)
