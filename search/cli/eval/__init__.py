"""`biocpt eval`: a group whose default command is `run`. Add a command: a file beside this one, and a row below."""

import os
import shlex

import click

from search.cli.eval import compare, corpus, run, tune

_ARGUMENTS = f"{__name__}.arguments"


class DefaultGroup(click.Group):
    """A group that takes what is no command's name for the arguments of its default command."""

    default = "run"

    def completed(self, args: list[str]) -> list[str]:
        """The arguments with the default command's name, where they begin with no command and ask for no help."""
        if not args or args[0] in self.commands or args[0] in ("-h", "--help"):
            return args
        return [self.default, *args]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As a group does, after the default command is named."""
        ctx.meta[_ARGUMENTS] = list(args)
        return super().parse_args(ctx, self.completed(args))


def command_line() -> str:
    """What the user typed, to be typed again: no secret is ever among the arguments."""
    return readable(shlex.join(["biocpt", "eval", *click.get_current_context().meta[_ARGUMENTS]]))


def readable(name: str) -> str:
    """A file's name as UTF-8 can write it: a byte that is none becomes such as `\\xff`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


@click.group(name="eval", cls=DefaultGroup, subcommand_metavar="TASK|COMMAND [OPTIONS]")
def command() -> None:
    """Measure how well systems find what people judged relevant.

    `biocpt eval TASK --index INDEX` is short for `biocpt eval run TASK --index INDEX`, whose options
    `biocpt eval run -h` lists.

    TASK is a test collection: a BEIR folder; a file of topics with --qrels; a file of BioASQ (JSON), of RELISH
    (JSON or a table), or of scored pairs of sentences (a table); a folder of PubMedQA; or irds: and an id of
    ir_datasets. A system is a way to answer: a built-in one (lexical, dense, hybrid, hybrid+rerank) or a TOML file.
    """


for _inner in (run.command, compare.command, tune.command, corpus.command):
    command.add_command(_inner)
