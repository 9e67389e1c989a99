"""`biocpt models`: get, export, quantise and check models."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from search.cli.options import home_option, json_option, print_json

if TYPE_CHECKING:
    from onnx_models.export import Route
    from onnx_models.installed import InstalledModel
    from onnx_models.manifest import Manifest
    from onnx_models.quantize import Reduced

F = TypeVar("F", bound=Callable[..., Any])


def _route_option(function: F) -> F:
    return click.option(
        "--route",
        type=click.Choice(["direct", "optimum"]),
        default="direct",
        show_default=True,
        help="direct: BERT checkpoints, without torch. optimum: any architecture, with the export extra.",
    )(function)


@click.group(name="models")
def command() -> None:
    """Get, export, quantise and check models.

    A model set names a query encoder, an article encoder and perhaps a cross-encoder. Commands take the name
    of a set, or the path of a folder with a set.toml.
    """


@command.command()
@click.argument("name")
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Copy the checkpoints from this folder instead of the hub: one checkpoint, or query/ article/ cross/.",
)
@click.option("--no-export", is_flag=True, help="Only get the checkpoints.")
@click.option("--force", is_flag=True, help="Get and export it again.")
@click.option(
    "--precision",
    type=click.Choice(["int8", "fp16"]),
    multiple=True,
    help="Also make this precision; may be given twice. fp32 is always made.",
)
@click.option(
    "--endpoint", envvar="HF_ENDPOINT", show_envvar=True, metavar="URL", help="Another hub than huggingface.co."
)
@_route_option
@home_option
def pull(
    name: str,
    source: Path | None,
    no_export: bool,
    force: bool,
    precision: tuple["Reduced", ...],
    endpoint: str | None,
    route: "Route",
    home: Path,
) -> None:
    """Get a known model set, export and verify it: ready to use.

    A broken download goes on where it stopped when the command is run again. Private and gated models need a
    token in the environment variable HF_TOKEN.
    """
    from onnx_models import hub, installed
    from onnx_models.errors import UnknownModel
    from onnx_models.export import is_current
    from onnx_models.specs import KNOWN_SETS

    if name not in KNOWN_SETS:
        raise UnknownModel(name=name, known=KNOWN_SETS, installed=installed.names(home))
    folder = installed.sets_folder(home) / name
    if force or source is not None or not hub.is_pulled(folder):
        click.echo(f"Getting {name} …", err=True)
        if source is None:
            hub.pull(KNOWN_SETS[name], folder, hub.HubAccess(endpoint=endpoint))
        else:
            hub.pull_from(KNOWN_SETS[name], folder, source)
        force = True
    if not no_export and (force or not is_current(folder)):
        _export(folder, route)
    for each in precision if not no_export else ():
        if not _has(folder, each):
            _quantize(folder, each)
    click.echo(f"{name}: {'got' if no_export else 'ready'} in {folder}", err=True)


@command.command(name="list")
@home_option
@json_option
def list_sets(home: Path, as_json: bool) -> None:
    """List the known and the installed model sets."""
    from onnx_models import installed
    from onnx_models.specs import KNOWN_SETS

    present = installed.names(home)
    rows = [_row(home, name) for name in dict.fromkeys([*KNOWN_SETS, *present])]
    if as_json:
        print_json({"home": str(home), "sets": rows})
        return
    for row in rows:
        click.echo(f"{row['name']:<14} {row['state']:<14} {', '.join(row['graphs'])}".rstrip())


@command.command()
@click.argument("name")
@home_option
@json_option
def info(name: str, home: Path, as_json: bool) -> None:
    """Say where a set comes from, what was exported and how well it was verified."""
    from onnx_models import installed

    models = installed.find(home, name)
    sides = {model.spec.role: _description(model) for model in models.models}
    if as_json:
        print_json({"name": models.model_set.name, "folder": str(models.folder), "sides": sides})
        return
    click.echo(f"{models.model_set.name} in {models.folder}")
    for role, side in sides.items():
        click.echo(f"{role}: {side['checkpoint']} at {side['revision'] or 'an unknown revision'}")
        click.echo(f"  fingerprint {side['fingerprint']}")
        if side["exported_fingerprint"] not in (None, side["fingerprint"]):
            click.echo(f"  set.toml has changed since the export, when it was {side['exported_fingerprint']}")
        for graph, about in side["graphs"].items():
            click.echo(
                f"  {graph}: {about['bytes'] / 1e6:.0f} MB, {_figures(about['figures'])}, {about['route']} route"
            )


@command.command()
@click.argument("name")
@_route_option
@home_option
@json_option
def export(name: str, route: "Route", home: Path, as_json: bool) -> None:
    """Export a set's checkpoints to ONNX and verify them against their sources.

    Other precisions of a side are dropped; make them again with `biocpt models quantize`.
    """
    from onnx_models import installed

    folder = installed.locate(home, name)
    _report(_export(folder, route), folder, as_json)


@command.command()
@click.argument("name")
@click.option(
    "--precision",
    type=click.Choice(["int8", "fp16"]),
    default="int8",
    show_default=True,
    help="int8 for processors, fp16 for GPUs.",
)
@home_option
@json_option
def quantize(name: str, precision: "Reduced", home: Path, as_json: bool) -> None:
    """Make a smaller, faster version of a set; refused where it changes the results too much."""
    from onnx_models import installed

    folder = installed.locate(home, name)
    _report(_quantize(folder, precision), folder, as_json)


@command.command()
@click.argument("name")
@home_option
@json_option
def verify(name: str, home: Path, as_json: bool) -> None:
    """Hash every file of a set, and compare the graphs with their checkpoints again where these are kept."""
    from onnx_models import installed
    from onnx_models.export import verify_set

    folder = installed.locate(home, name)
    compared = verify_set(folder)
    if as_json:
        print_json({"folder": str(folder), "files": "match", "parity": [parity._asdict() for parity in compared]})
        return
    click.echo("All files match their manifests.")
    for model, graph, difference in compared:
        click.echo(f"{model} {graph}: max abs difference {difference:.2g} from its checkpoint")
    if not compared:
        click.echo("The checkpoints are not kept here, so the graphs were not compared with them.")


@command.command()
@click.argument("name")
@click.option("--source", "source_only", is_flag=True, help="Remove only the checkpoints it was exported from.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@home_option
def remove(name: str, source_only: bool, yes: bool, home: Path) -> None:
    """Delete an installed set."""
    from onnx_models import installed

    what = f"the checkpoints of {name}" if source_only else name
    if not yes:
        click.confirm(f"Remove {what} from {home}?", abort=True, err=True)
    freed = installed.remove(home, name, source_only=source_only)
    click.echo(f"Removed {what} ({freed / 1e6:.0f} MB).", err=True)


def _export(folder: Path, route: "Route") -> dict[str, "Manifest"]:
    from onnx_models.export import export_sides

    done = {}
    click.echo(f"Exporting {folder.name} and comparing it with its checkpoints …", err=True)
    for name, manifest in export_sides(folder, route=route):
        done[name] = manifest
        _talk(name, manifest, "fp32")
    return done


def _quantize(folder: Path, precision: "Reduced") -> dict[str, "Manifest"]:
    from onnx_models import installed
    from onnx_models.quantize import quantize_sides

    done = {}
    click.echo(f"Making {precision} of {folder.name} and measuring its drift …", err=True)
    for name, manifest in quantize_sides(installed.load(folder), precision):
        done[name] = manifest
        _talk(name, manifest, precision)
    return done


def _talk(name: str, manifest: "Manifest", precision: str) -> None:
    for graph, about in manifest.graphs.items():
        if about.precision == precision:
            click.echo(f"  {name} {graph}: {_figures(about.figures)} from {about.reference}", err=True)


def _report(done: dict[str, "Manifest"], folder: Path, as_json: bool) -> None:
    if as_json:
        print_json({"folder": str(folder), "models": {name: _graphs(manifest) for name, manifest in done.items()}})


def _has(folder: Path, precision: str) -> bool:
    from onnx_models import installed

    return all(precision in model.manifest.graphs for model in installed.load(folder).models)


def _row(home: Path, name: str) -> dict[str, Any]:
    from onnx_models import installed
    from onnx_models.errors import ModelError, ModelNotExported, ModelNotInstalled

    try:
        models = installed.find(home, name)
    except ModelNotInstalled:
        return {"name": name, "state": "known", "graphs": []}
    except ModelNotExported:
        return {"name": name, "state": "not exported", "graphs": []}
    except ModelError as error:
        return {"name": name, "state": "damaged", "graphs": [], "problem": str(error)}
    return {"name": name, "state": "ready", "graphs": sorted(models.article.manifest.graphs)}


def _description(model: "InstalledModel") -> dict[str, Any]:
    from dataclasses import asdict

    source = asdict(model.manifest.source)
    prints = {"fingerprint": model.fingerprint, "exported_fingerprint": model.exported_fingerprint}
    return {**asdict(model.spec), **source, **prints, "graphs": _graphs(model.manifest)}


def _graphs(manifest: "Manifest") -> dict[str, Any]:
    return {
        name: {
            "file": graph.file,
            "bytes": sum(stored.bytes for stored in graph.files),
            "route": graph.route,
            "reference": graph.reference,
            "figures": dict(graph.figures),
            "tools": dict(graph.tools),
        }
        for name, graph in manifest.graphs.items()
    }


def _figures(figures: Any) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in figures.items())
