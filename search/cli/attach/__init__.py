"""`biocpt attach`: a group whose default command is `to`. Add a command: a file beside this one, and a row below."""

import click

from search.cli.attach import sync, to
from search.cli.eval import DefaultGroup


class AttachGroup(DefaultGroup):
    """`biocpt attach URL` stands for `biocpt attach to URL`."""

    default = "to"


@click.group(name="attach", cls=AttachGroup, subcommand_metavar="URL|COMMAND [OPTIONS]")
def command() -> None:
    """Add vectors to an index of somebody's in OpenSearch, so that it can be searched where it is.

    `biocpt attach URL` is short for `biocpt attach to URL`, whose options `biocpt attach to -h` lists. After it,
    `biocpt search --index URL` finds their documents, by their ids, words and filters, and by vectors.
    """


for _inner in (to.command, sync.command):
    command.add_command(_inner)
