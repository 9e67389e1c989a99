"""`biocpt show ID…`: stored records, for reading or as JSON."""

from typing import TYPE_CHECKING

import click

from search.cli.access import IndexCommand
from search.cli.options import index_option, json_option, print_json

if TYPE_CHECKING:
    from indexer.engines.location import Location


@click.command(name="show", cls=IndexCommand)
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@index_option
@json_option
def command(ids: tuple[str, ...], index: "Location", as_json: bool) -> int:
    """Print the stored records of these ids; exit code 1 if one is not there."""
    from contextlib import closing

    import orjson

    from indexer.analysis import sound
    from indexer.article_json import to_json
    from indexer.engines import open_reader
    from search.cli import record

    ids = tuple(map(sound, ids))
    with closing(open_reader(index)) as reader:
        articles = reader.fetch(ids)
    found = [article for article in articles if article is not None]
    missing = [id for id, article in zip(ids, articles, strict=True) if article is None]
    if as_json:
        print_json({"articles": [orjson.loads(to_json(article)) for article in found], "missing": missing})
    else:
        click.echo("\n\n".join(record.as_text(article) for article in found), nl=bool(found))
    for id in missing:
        click.echo(f"Not in the index: {id}", err=True)
    return 1 if missing else 0
