"""`biocpt train`: a group of commands. Add a command: a file beside this one, and a row below."""

from collections.abc import Sequence

import click

from search.cli.train import mine, prepare, reranker, retriever

_COMMANDS: Sequence[click.Command] = (prepare.command, retriever.command, mine.command, reranker.command)


@click.group(name="train")
def command() -> None:
    """Train models as MedCPT was trained: on which articles people chose for which queries."""


for _inner in _COMMANDS:
    command.add_command(_inner)
