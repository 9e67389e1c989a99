"""`biocpt delete ID…`: take articles out of an index."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from search.cli.access import IndexCommand
from search.cli.options import index_option, json_option, print_json

if TYPE_CHECKING:
    from indexer.engines.location import Location


@click.command(name="delete", cls=IndexCommand)
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@index_option
@json_option
def command(ids: tuple[str, ...], index: "Location", as_json: bool) -> int:
    """Delete the articles with these ids. It counts as the newest word on them: no file of NLM's that is read later
    brings the same version of an article back; a file of your own that is new to the index does.

    Exit code 1: none of them was there.
    """
    from contextlib import closing

    from indexer.analysis import sound
    from indexer.deleting import delete
    from indexer.engines import open_writer

    ids = tuple(map(sound, ids))
    with closing(open_writer(index, space=None, create=False)) as writer:
        result = delete(ids, writer)
    if as_json:
        print_json(asdict(result))
    else:
        click.echo(f"{len(result.deleted)} deleted, {len(result.missing)} not found")
    for id in result.missing:
        click.echo(f"Not in the index: {id}", err=True)
    return 0 if result.deleted else 1
