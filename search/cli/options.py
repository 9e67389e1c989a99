"""Options that several commands share, each with its environment variable."""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
from click.core import ParameterSource

from search.cli import access

if TYPE_CHECKING:
    from onnx_models import RunOptions

F = TypeVar("F", bound=Callable[..., Any])


def _home() -> Path:
    """Where models live unless `--home` or BIOCPT_HOME says otherwise."""
    from onnx_models import default_home

    return default_home()


def default_state() -> Path:
    """The platform's folder for what programs note, where rejects of a cluster's index are listed."""
    import platformdirs

    return platformdirs.user_state_path("biocpt")


def index_option(function: F) -> F:
    """`--index`: a folder (no server) or a URL, and how to be let in there; the command gets one `Location`."""
    return _index(function, required=True, help="The index: a folder, or a URL such as https://host:9200/pubmed.")


def optional_index_option(function: F) -> F:
    """The same where no index need be named; the command gets None then."""
    return _index(function, required=False, help="Also look at this index: a folder or a URL.")


def load_index_option(function: F) -> F:
    """The same for `biocpt index`, which may write files in place of an index."""
    help = "The index: a folder, or a URL such as https://host:9200/pubmed. Required, but with --emit."
    return _index(function, required=False, help=help)


def task_index_option(function: F) -> F:
    """The same for `biocpt eval`, whose tasks need an index, but for pairs of sentences."""
    help = "The index that holds the task's articles: a folder or a URL. Pairs of sentences need none."
    return _index(function, required=False, help=help)


def _index(function: F, *, required: bool, help: str) -> F:
    @functools.wraps(function)
    def located(*arguments: Any, index: str | None, **values: Any) -> Any:
        given = access.taken(values)
        return function(*arguments, index=None if index is None else access.location(index, given), **values)

    named = click.option(
        "--index",
        "index",
        envvar="BIOCPT_INDEX",
        required=required,
        metavar="FOLDER|URL",
        help=help,
        show_envvar=True,
    )
    return cast(F, with_options(located, [named, *access.options()]))  # click reads the parameters off the wrapper


def copy_options(function: F) -> F:
    """How to be let in where a copy comes from and goes to; the command gets `source` and `target` as locations."""

    @functools.wraps(function)
    def located(*arguments: Any, source: str, target: str, **values: Any) -> Any:
        given = access.taken(values)
        ends = {"source": access.source_location(source, given), "target": access.location(target, given)}
        return function(*arguments, **ends, **values)

    return cast(F, with_options(located, [*access.options(), access.from_option()]))  # as above


def with_options(function: F, options: Sequence[Callable[[F], F]]) -> F:
    """The command with these options, in this order."""
    for option in reversed(options):
        function = option(function)
    return function


def json_option(function: F) -> F:
    """`--json`: print JSON instead of text."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def home_option(function: F) -> F:
    """`--home`: where models live."""
    return click.option(
        "--home",
        envvar="BIOCPT_HOME",
        type=click.Path(file_okay=False, path_type=Path),
        default=_home,
        show_default="the platform's data folder",
        show_envvar=True,
        help="The folder that holds models/.",
    )(function)


def rejects_option(function: F) -> F:
    """`--rejects`: where records are listed that could not be stored."""
    return click.option(
        "--rejects",
        type=click.Path(dir_okay=False, path_type=Path),
        help="List records that cannot be stored in this file. "
        "[default: rejects.jsonl in the index's folder; for a URL, a file in the platform's folder for state]",
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
    return with_options(function, options)


def run_from(options: Mapping[str, Any], *, one_shot: bool = False) -> "RunOptions":
    """How models run, as `run_options` say; `one_shot`: for one question, so that starting quickly counts."""
    from onnx_models import RunOptions

    names = ("precision", "backend", "provider", "threads")
    return RunOptions(**{name: options[name] for name in names}, one_shot=one_shot)


def model_option(function: F) -> F:
    """`--model` of a command that asks an index."""
    help = "A model set, by name or folder: a flag alone says it. [default: the one that made the index]"
    return click.option("--model", help=help)(function)


def model_named(options: Mapping[str, Any]) -> str | None:
    """The model set, where a flag says it; None for the index's own: the environment and files are for new indexes."""
    is_asked = click.get_current_context().get_parameter_source("model") is ParameterSource.COMMANDLINE
    return options["model"] if is_asked else None


def print_json(value: object) -> None:
    """Print one JSON object, indented, on stdout: UTF-8, whatever the terminal's encoding."""
    import orjson

    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS))
