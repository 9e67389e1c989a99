"""`biocpt doctor`: what a bug report needs, and no secrets."""

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from search.cli.access import IndexCommand
from search.cli.options import home_option, json_option, optional_index_option, print_json
from search.versions import installed

if TYPE_CHECKING:
    from indexer.engines.location import Location

_PACKAGES = (
    "biocpt-search",
    "numpy",
    "tokenizers",
    "onnx",
    "onnxruntime",
    "onnxruntime-gpu",
    "openvino",
    "tantivy",
    "pylance",
    "opensearch-py",
    "torch",
    "transformers",
    "optimum-onnx",
)


@click.command(name="doctor", cls=IndexCommand)
@optional_index_option
@home_option
@json_option
def command(index: "Location | None", home: Path, as_json: bool) -> None:
    """Print versions, providers, model sets and the index's state: what a bug report needs."""
    report: dict[str, Any] = {
        "system": _system(),
        "packages": {name: installed(name) for name in _PACKAGES},
        "onnxruntime": _runtime(),
        "home": str(home),
        "models": _models(home),
        "settings": sorted(name for name in os.environ if name.startswith("BIOCPT_")),
        "index": None if index is None else _index(index),
    }
    if as_json:
        print_json(report)
    else:
        _print(report)


def _system() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }


def _runtime() -> dict[str, Any]:
    from onnx_models.errors import ModelError
    from onnx_models.session import available_providers

    try:
        return {"providers": available_providers()}
    except ModelError as error:
        return {"problem": str(error)}


def _models(home: Path) -> list[dict[str, Any]]:
    from onnx_models.errors import ModelError
    from onnx_models.installed import load

    folders = sorted(path.parent for path in (home / "models").glob("*/set.toml"))
    found: list[dict[str, Any]] = []
    for folder in folders:
        try:
            models = load(folder)
        except ModelError as error:
            found.append({"name": folder.name, "problem": str(error)})
        else:
            found.append({"name": folder.name, "fingerprint": models.article.fingerprint})
    return found


def _index(location: "Location") -> dict[str, Any]:
    from contextlib import closing
    from dataclasses import asdict

    from indexer.engines import open_reader
    from indexer.errors import IndexerError

    try:
        with closing(open_reader(location)) as reader:
            return asdict(reader.info())
    except IndexerError as error:
        return {"location": str(location), "problem": str(error)}


def _print(report: dict[str, Any]) -> None:
    for section, value in report.items():
        if isinstance(value, dict):
            click.echo(f"{section}:")
            for name, entry in value.items():
                click.echo(f"  {name}: {'-' if entry is None else entry}")
        elif isinstance(value, list):
            click.echo(f"{section}: {'' if value else '-'}")
            for entry in value:
                click.echo(f"  {entry}")
        else:
            click.echo(f"{section}: {'-' if value is None else value}")
