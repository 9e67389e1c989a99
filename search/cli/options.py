"""Options that several commands share, each with its environment variable."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def default_home() -> Path:
    """The platform's data folder, where models live unless `--home` or BIOCPT_HOME says otherwise."""
    import platformdirs

    return platformdirs.user_data_path("biocpt")


def index_option(function: F) -> F:
    """`--index`: a folder (no server) or a URL."""
    return click.option(
        "--index",
        "index",
        envvar="BIOCPT_INDEX",
        required=True,
        metavar="FOLDER",
        help="The index: a folder.",
        show_envvar=True,
    )(function)


def json_option(function: F) -> F:
    """`--json`: print JSON instead of text."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def home_option(function: F) -> F:
    """`--home`: where models live."""
    return click.option(
        "--home",
        envvar="BIOCPT_HOME",
        type=click.Path(file_okay=False, path_type=Path),
        default=default_home,
        show_default="the platform's data folder",
        show_envvar=True,
        help="The folder that holds models/.",
    )(function)


def run_options(function: F) -> F:
    """How models run: `--precision`, `--backend`, `--provider`, `--threads`."""
    options = [
        click.option(
            "--precision",
            envvar="BIOCPT_PRECISION",
            type=click.Choice(["auto", "fp32", "fp16", "int8", "bf16"]),
            default="auto",
            show_default=True,
            help="What to compute in. auto: fp32, or OpenVINO's bf16 where the processor has it.",
        ),
        click.option(
            "--backend",
            envvar="BIOCPT_BACKEND",
            type=click.Choice(["onnx", "openvino"]),
            default="onnx",
            show_default=True,
            help="What runs it: ONNX Runtime or OpenVINO.",
        ),
        click.option(
            "--provider",
            envvar="BIOCPT_PROVIDER",
            default="auto",
            show_default=True,
            metavar="NAME",
            help="ONNX Runtime's provider: auto, cpu, cuda; or OpenVINO's device.",
        ),
        click.option(
            "--threads",
            envvar="BIOCPT_THREADS",
            type=click.IntRange(min=1),
            help="Threads for the models. [default: all cores]",
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def print_json(value: object) -> None:
    """Print one JSON object, indented, on stdout: UTF-8, whatever the terminal's encoding."""
    import orjson

    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))
