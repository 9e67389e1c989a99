"""`biocpt serve`: the models of a set over HTTP, for clients of OpenAI, Cohere and TEI."""

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from search.cli.options import home_option, run_from, run_options, with_options

if TYPE_CHECKING:
    from search.service.limits import Limits

F = TypeVar("F", bound=Callable[..., Any])

_KEYS = "BIOCPT_SERVE_KEYS"


def address_options(function: F) -> F:
    """Where the server listens, and whom it answers."""
    options = [
        click.option(
            "--host",
            envvar="BIOCPT_SERVE_HOST",
            default="127.0.0.1",
            show_default=True,
            help="The address to listen on. Any but this machine's own asks for keys, or --insecure.",
        ),
        click.option(
            "--port",
            envvar="BIOCPT_SERVE_PORT",
            type=click.IntRange(0, 65535),
            default=8808,
            show_default=True,
            help="The port; 0 takes any that is free, and the first line on stderr says which.",
        ),
        click.option(
            "--key-file",
            envvar="BIOCPT_SERVE_KEY_FILE",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="A file of API keys, one a line, of which each request has to bear one. "
            f"{_KEYS} gives them in the environment instead, with commas between.",
        ),
        click.option("--insecure", is_flag=True, help="Answer other machines without a key."),
    ]
    return with_options(function, options)


def _finite(_context: click.Context, _option: click.Parameter, seconds: float) -> float:
    if not math.isfinite(seconds):
        raise click.BadParameter(f"{seconds!r} is no number of seconds.")
    return seconds


def limit_options(function: F) -> F:
    """How much is taken on."""
    count = click.IntRange(min=1)
    seconds = click.FloatRange(min=0, min_open=True)
    options = [
        click.option("--max-texts", type=count, default=2048, show_default=True, help="Most texts in one request."),
        click.option(
            "--max-characters", type=count, default=100_000, show_default=True, help="Most characters in one text."
        ),
        click.option(
            "--max-body", type=count, default=16 * 2**20, show_default=True, help="Most bytes in a request's body."
        ),
        click.option(
            "--max-wait",
            type=seconds,
            callback=_finite,
            default=10.0,
            show_default=True,
            help="Refuse at once (429) what would have to wait for longer than so many seconds.",
        ),
        click.option(
            "--timeout",
            type=seconds,
            callback=_finite,
            default=60.0,
            show_default=True,
            help="Seconds that a request may take in all.",
        ),
        click.option(
            "--max-connections", type=count, default=1000, show_default=True, help="Most connections at one time."
        ),
    ]
    return with_options(function, options)


@click.command(name="serve")
@click.option(
    "--model",
    "models",
    envvar="BIOCPT_MODEL",
    multiple=True,
    default=("medcpt",),
    show_default="medcpt",
    help="A model set, by name or folder; repeat it to serve several.",
)
@click.option(
    "--rerank",
    envvar="BIOCPT_RERANK",
    type=click.Choice(["auto", "none", "cross", "late"]),
    default="auto",
    show_default=True,
    help="auto: the cross-encoder where the model set has one, else late interaction, else none.",
)
@address_options
@limit_options
@run_options
@home_option
def command(models: tuple[str, ...], **options: Any) -> None:
    """Serve the models of a set over HTTP: vectors and relevance, for clients of OpenAI, Cohere and TEI.

    Ctrl+C or SIGTERM ends it, when what is being answered is done. With -v each request is a line on stderr.
    """
    from contextlib import closing

    from onnx_models.errors import MissingExtra

    try:
        from search.service import opening, server
    except ImportError as error:
        raise MissingExtra(what="Serving models", extra="serve") from error
    keys = _keys(options["key_file"])
    server.refuse_strangers(options["host"], has_keys=bool(keys), insecure=options["insecure"])
    limits = _limits(options)
    with closing(server.bind(options["host"], options["port"])) as listener:
        inference = opening.open_inference(
            options["home"], models, rerank=options["rerank"], run=run_from(options), limits=limits
        )
        with closing(inference):
            names = ", ".join(inference.models)
            said = f"Serving {names} at {server.address_of(listener)}; Ctrl+C ends it."
            server.ModelServer(inference, keys, listener).run(ready=lambda: click.echo(said, err=True))


def _limits(options: dict[str, Any]) -> "Limits":
    from search.service.limits import Limits

    return Limits(
        texts=options["max_texts"],
        characters=options["max_characters"],
        body_bytes=options["max_body"],
        waiting_seconds=options["max_wait"],
        seconds=options["timeout"],
        connections=options["max_connections"],
    )


def _keys(file: Path | None) -> tuple[str, ...]:
    """The keys of the file, or of the environment; none if neither has any.

    A secret is never an option: what a command was started with is there for all to see.
    """
    given = os.environ.get(_KEYS, "")
    if file is None:
        return tuple(key for part in given.split(",") if (key := part.strip()))
    if given:
        raise click.UsageError(f"Both --key-file and {_KEYS} are given: keep one.")
    try:
        keys = tuple(key for line in file.read_text(encoding="utf-8-sig").splitlines() if (key := line.strip()))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise click.UsageError(f"--key-file is {str(file)!r}, which cannot be read: {why}.") from None
    if not keys:
        raise click.UsageError(f"--key-file is {str(file)!r}, which has no key in it.")
    return keys
