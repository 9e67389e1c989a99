"""`biocpt info`: what an index holds."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from search.cli.access import IndexCommand
from search.cli.options import index_option, json_option, print_json

if TYPE_CHECKING:
    from indexer.engines.location import Location
    from indexer.engines.protocol import VersionInfo


@click.command(name="info", cls=IndexCommand)
@index_option
@json_option
def command(index: "Location", as_json: bool) -> None:
    """Say what an index holds, as of its last commit: articles, vectors, model set, date of the data, size.

    Of one in a cluster also its versions: which is served, which are old, and which is being loaded by whom.
    """
    from contextlib import closing

    from indexer.engines import open_ledger, open_reader

    with closing(open_reader(index)) as reader:
        info = reader.info()
    files = []
    if not info.is_attached:  # their owner knows what was loaded
        with closing(open_ledger(index)) as ledger:
            files = ledger.entries()
    if as_json:
        print_json({**asdict(info), "files": len(files), "last_file": files[-1].name if files else None})
        return
    space = info.space
    model = f"{space.model} ({space.dimension}-d, {space.similarity}, {space.precision})" if space else "none"
    lines = {
        "Index": f"{info.location} ({info.engine}, {'attached' if info.is_attached else f'format {info.format}'})",
        "Articles": f"{info.articles:,}",
        "Vectors": f"{info.vectors:,}",
        "Deleted": f"{info.tombstones:,}",
        "Model set": model,
        "Fingerprint": space.fingerprint if space else "",
        "Files": "" if info.is_attached else f"{len(files):,} done" + (f", the last {files[-1].name}" if files else ""),
        "Data": ""
        if info.is_attached
        else f"courtesy of the U.S. National Library of Medicine, as of {info.data_date or 'an unknown date'}",
        "Size": f"{info.bytes / 1e6:,.1f} MB",
    }
    for name, value in lines.items():
        if value:
            click.echo(f"{name + ':':<13}{value}")
    for version in info.versions:
        click.echo(f"{'Version:':<13}{_line(version)}")
        for loader in version.loaders:
            click.echo(f"{'Loader:':<13}{loader}")


def _line(version: "VersionInfo") -> str:
    """`pubmed-v1: served, 44,037 articles, minilm in lucene, made 2026-11-22T10:00:00+00:00`."""
    kept = f", {version.model} in {version.vectors}" if version.model else ""
    articles = "closed" if version.articles is None else f"{version.articles:,} articles"
    return f"{version.name}: {version.state}, {articles}{kept}, made {version.created}"
