"""The command `biocpt`: a lazy group, one file a command. Add a command: one file and a row in COMMANDS."""

import importlib
import io
import os
import sys
from typing import Any

import click

COMMANDS: dict[str, str] = {
    "index": "Read PubMed files into an index.",
    "search": "Search an index: BM25 and vectors, fused and re-ranked.",
    "attach": "Add vectors to an index of somebody's in OpenSearch.",
    "similar": "Find articles like one in the index.",
    "show": "Print stored records.",
    "delete": "Delete articles from an index.",
    "eval": "Measure how well systems find what people judged relevant.",
    "train": "Train models on what people chose for their queries.",
    "info": "Say what an index holds.",
    "verify": "Re-count an index: text against vectors.",
    "optimize": "Merge an index and build its vector index.",
    "connector": "Have a cluster ask the model server, for clients that bring no vectors.",
    "pipeline": "Install search pipelines in a cluster, for other clients.",
    "plan": "Work out what an index in a cluster takes.",
    "drop": "Remove versions of an index in a cluster.",
    "copy": "Copy an index, vectors included, to another place.",
    "serve": "Serve a model set over HTTP, for other programs.",
    "models": "Get, export, quantise and check models.",
    "doctor": "Print what a bug report needs.",
}
"""Name → the line of `biocpt --help`; `NAME` lives in `search/cli/NAME.py` as `command`."""


class LazyGroup(click.Group):
    """A group that imports a command's module when it is used, so that `biocpt -h` is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"search.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help lines from the table, without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config",
    envvar="BIOCPT_CONFIG",
    type=click.Path(dir_okay=False),
    help="A TOML file of defaults: a table a command, top-level keys for all. [default: the platform's]",
)
@click.option("-v", "--verbose", count=True, help="Say more on stderr; twice for debugging.")
@click.version_option(package_name="biocpt-search", prog_name="biocpt")
@click.pass_context
def biocpt(ctx: click.Context, config: str | None, verbose: int) -> None:
    """Hybrid search for biomedical literature with MedCPT.

    Flags win over BIOCPT_* environment variables, these over the TOML file, and that over the defaults.
    """
    from search.cli import configuration, logs

    logs.configure(verbose)
    ctx.default_map = configuration.default_map(config, biocpt, ctx)


def main(args: list[str] | None = None) -> None:
    """Run the command line; expected errors become one line on stderr and an exit code: 2 for wrong usage, else 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a narrow encoding costs a letter, not the answer
    try:
        status: Any = biocpt.main(args=args, prog_name="biocpt", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show(sys.stderr)
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        _leave_stdout()  # the reader of our output has gone (`| head`): leave quietly, as other tools do
        sys.exit(1)
    except OSError as error:
        _leave_stdout()
        place = f" {error.filename!r}" if error.filename else ""
        click.echo(f"Error: {error.strerror or error}{place}.", err=True)
        sys.exit(1)
    except Exception as error:
        kind = _kind(error)
        if kind is None:
            raise
        click.echo(f"Error: {error}", err=True)
        sys.exit(kind)
    sys.exit(status if isinstance(status, int) else 0)


def _leave_stdout() -> None:
    """Nothing more can be written there, not even what is still in its buffer."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _kind(error: Exception) -> int | None:
    """The exit code of an expected error; None for a bug, which keeps its traceback."""
    from indexer.errors import IndexerError
    from onnx_models.errors import BadRunOption, ModelError
    from search.errors import InvalidRequest, SearchError

    if isinstance(error, InvalidRequest | BadRunOption):
        return 2
    return 1 if isinstance(error, ModelError | IndexerError | SearchError) else None
