"""`biocpt copy FROM TO`: an index, vectors included, to another place; nothing is encoded."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from search.cli.access import IndexCommand
from search.cli.options import copy_options, json_option, print_json

if TYPE_CHECKING:
    from indexer.engines.location import Location
    from indexer.engines.protocol import Reader, Writer
    from indexer.ledger import Ledger
    from indexer.progress import Counts


@click.command(name="copy", cls=IndexCommand)
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@copy_options
@json_option
def command(source: "Location", target: "Location", as_json: bool) -> None:
    """Copy the index FROM to TO, vectors included; each is a folder or a URL. TO may be new or hold the same kind of
    vectors; where both hold an id, the newer record stays. Run it again after a stop: what is there already is passed
    over.

    Where both are URLs, both clusters are asked as the same user, unless --from-user or a secret of FROM's own says
    otherwise.
    """
    from contextlib import closing

    from indexer.copying import require_complete
    from indexer.engines import open_ledger, open_reader, open_writer
    from search.cli import loaded

    _require_two(source, target)
    ledger = open_ledger(source)
    with closing(open_reader(source)) as reader:
        info = reader.info()
        with closing(open_writer(target, space=info.space)) as writer:
            counts = _run(reader, ledger, writer, str(target))
    with closing(open_reader(target)) as copied:
        require_complete(info, copied.info(), counts)
    if as_json:
        print_json({"read": counts.read, **loaded.counts_object(counts)})
    else:
        click.echo(loaded.counts_line(counts))


def _require_two(source: "Location", target: "Location") -> None:
    """An index is not copied onto or into itself."""
    if "://" in source.name or "://" in target.name:
        if source.name.rstrip("/") == target.name.rstrip("/"):
            raise click.UsageError(f"FROM and TO are the same index: {source}")
        return
    here, there = Path(source.name).resolve(), Path(target.name).resolve()
    if here == there:
        raise click.UsageError(f"FROM and TO are the same index: {source}")
    if there.is_relative_to(here):
        raise click.UsageError(f"TO lies within FROM: {target}")


def _run(reader: "Reader", ledger: "Ledger", writer: "Writer", location: str) -> "Counts":
    from indexer.copying import Options, copy
    from indexer.progress import Counts
    from search.cli.bar import bar

    counts, info = Counts(), reader.info()
    rows = info.articles + info.tombstones
    with bar(rows) as show:
        for counts in copy(reader, ledger, writer, options=Options(location=location)):
            show(counts.read, f"{counts.read:,} of {rows:,} rows")
    return counts
