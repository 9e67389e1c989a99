"""`biocpt verify`: read a whole index and say what is wrong with it."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from search.cli.access import IndexCommand
from search.cli.options import index_option, json_option, print_json

if TYPE_CHECKING:
    from indexer.engines.location import Location


@click.command(name="verify", cls=IndexCommand)
@index_option
@json_option
def command(index: "Location", as_json: bool) -> int:
    """Read a whole index and compare: checksums, records and their digests, text and vectors, data and ledger.

    Exit code 1: something is wrong.
    """
    from indexer.verify import verify

    found = verify(index)
    if as_json:
        print_json({"sound": found.is_sound, **asdict(found)})
        return 0 if found.is_sound else 1
    for problem in found.problems:
        click.echo(problem, err=True)
    more = found.problem_count - len(found.problems)
    if more > 0:
        click.echo(f"… and {more:,} more.", err=True)
    click.echo(
        f"{found.articles:,} articles, {found.vectors:,} vectors, {found.textless:,} without text, "
        f"{found.tombstones:,} deleted: " + ("sound" if found.is_sound else f"{found.problem_count:,} problems")
    )
    return 0 if found.is_sound else 1
