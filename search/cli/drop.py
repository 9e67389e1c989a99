"""`biocpt drop VERSION…`: remove versions of an index in a cluster that nobody is served from."""

from typing import TYPE_CHECKING

import click

from search.cli.access import IndexCommand
from search.cli.options import index_option, json_option, print_json

if TYPE_CHECKING:
    from indexer.engines.location import Location


@click.command(name="drop", cls=IndexCommand)
@click.argument("versions", nargs=-1, metavar="[VERSION]...")
@index_option
@click.option("--old", is_flag=True, help="All versions before the one that is served.")
@json_option
def command(versions: tuple[str, ...], index: "Location", old: bool, as_json: bool) -> None:
    """Remove versions of an index in a cluster, by the names that `biocpt info` shows: old ones, and loads that were
    given up. The version that is served is never dropped, nor one that somebody is loading.
    """
    from indexer.engines import drop_versions

    if not versions and not old:
        raise click.UsageError("Name versions as `biocpt info` shows them, or give --old.")
    dropped = drop_versions(index, versions, old=old)
    if as_json:
        print_json({"dropped": dropped})
    else:
        click.echo(f"Dropped: {', '.join(dropped)}." if dropped else "There was nothing to drop.")
