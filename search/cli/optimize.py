"""`biocpt optimize`: make an index smaller and quicker; its answers stay the same."""

from dataclasses import asdict

import click

from search.cli.options import index_option, json_option, print_json


@click.command(name="optimize")
@index_option
@json_option
def command(index: str, as_json: bool) -> None:
    """Merge an index, build or extend its vector index, and drop what nothing reads any more."""
    from contextlib import closing

    from indexer.engines import open_reader, open_writer

    with closing(open_reader(index)) as reader:
        before = reader.info()
    with closing(open_writer(index, space=None, create=False)) as writer:
        writer.optimize()
    with closing(open_reader(index)) as reader:
        after = reader.info()
    if as_json:
        print_json({**asdict(after), "bytes_before": before.bytes})
    else:
        click.echo(f"{after.articles:,} articles, {before.bytes / 1e6:,.1f} → {after.bytes / 1e6:,.1f} MB")
