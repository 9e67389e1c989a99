"""`biocpt info`: what an index holds."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from search.cli.access import IndexCommand
from search.cli.options import index_option, json_option, print_json

if TYPE_CHECKING:
    from indexer.engines.location import Location


@click.command(name="info", cls=IndexCommand)
@index_option
@json_option
def command(index: "Location", as_json: bool) -> None:
    """Say what an index holds, as of its last commit: articles, vectors, model set, date of the data, size."""
    from contextlib import closing

    from indexer.engines import open_ledger, open_reader

    with closing(open_reader(index)) as reader:
        info = reader.info()
    files = open_ledger(index).entries()
    if as_json:
        print_json({**asdict(info), "files": len(files), "last_file": files[-1].name if files else None})
        return
    space = info.space
    model = f"{space.model} ({space.dimension}-d, {space.similarity}, {space.precision})" if space else "none"
    lines = {
        "Index": f"{info.location} ({info.engine}, format {info.format})",
        "Articles": f"{info.articles:,}",
        "Vectors": f"{info.vectors:,}",
        "Deleted": f"{info.tombstones:,}",
        "Model set": model,
        "Fingerprint": space.fingerprint if space else "",
        "Files": f"{len(files):,} done" + (f", the last {files[-1].name}" if files else ""),
        "Data": f"courtesy of the U.S. National Library of Medicine, as of {info.data_date or 'an unknown date'}",
        "Size": f"{info.bytes / 1e6:,.1f} MB",
    }
    for name, value in lines.items():
        if value:
            click.echo(f"{name + ':':<13}{value}")
