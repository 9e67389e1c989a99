"""`biocpt optimize`: make an index smaller and quicker; its answers stay the same."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from search.cli.access import IndexCommand
from search.cli.options import index_option, json_option, print_json

if TYPE_CHECKING:
    from indexer.engines.location import Location


@click.command(name="optimize", cls=IndexCommand)
@index_option
@json_option
def command(index: "Location", as_json: bool) -> None:
    """Merge an index, build or extend its vector index, and drop what nothing reads any more."""
    from contextlib import closing

    from indexer.engines import open_reader, open_writer

    with closing(open_reader(index)) as reader:
        before = reader.info()
    with closing(open_writer(index, space=None, create=False, beside=True)) as writer:
        writer.optimize()
    with closing(open_reader(index)) as reader:
        after = reader.info()
    if as_json:
        print_json({**asdict(after), "bytes_before": before.bytes})
    else:
        click.echo(f"{after.articles:,} articles, {before.bytes / 1e6:,.1f} → {after.bytes / 1e6:,.1f} MB")
