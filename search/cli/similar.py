"""`biocpt similar ID`: the articles whose vectors are nearest to one that is in the index."""

from typing import TYPE_CHECKING, Any

import click

from search.cli.access import IndexCommand
from search.cli.options import index_option, json_option, print_json
from search.cli.search import filter_options, filters_from

if TYPE_CHECKING:
    from indexer.engines.location import Location


@click.command(name="similar", cls=IndexCommand)
@click.argument("id")
@index_option
@filter_options
@click.option("--limit", type=click.IntRange(1, 9_999), default=10, show_default=True, help="Results to print.")
@click.option("--explain", is_flag=True, help="Show how each result got its place.")
@json_option
def command(id: str, index: "Location", limit: int, explain: bool, as_json: bool, **options: Any) -> None:
    """Find the articles nearest to the article ID, by the index's own article vectors."""
    from contextlib import closing

    from indexer.analysis import sound
    from indexer.engines import open_reader
    from search.cli import results
    from search.searcher import Searcher

    with closing(Searcher(open_reader(index), None)) as searcher:
        response = searcher.similar(sound(id), filters=filters_from(options), depth=max(100, limit), limit=limit)
    if as_json:
        print_json(results.as_json(response))
    else:
        results.show(response, explain=explain)
