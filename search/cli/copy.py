"""`biocpt copy FROM TO`: an index, vectors included, to another place; nothing is encoded."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from search.cli.options import json_option, print_json

if TYPE_CHECKING:
    from indexer.engines.protocol import Reader, Writer
    from indexer.ledger import Ledger
    from indexer.progress import Counts


@click.command(name="copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@json_option
def command(source: str, target: str, as_json: bool) -> None:
    """Copy the index FROM to TO, vectors included. TO may be new or hold the same kind of vectors; where both hold
    an id, the newer record stays. Run it again after a stop: what is there already is passed over.
    """
    from contextlib import closing

    from indexer.copying import require_complete
    from indexer.engines import open_ledger, open_reader, open_writer
    from search.cli import loaded

    if Path(source).resolve() == Path(target).resolve():
        raise click.UsageError(f"FROM and TO are the same index: {source}")
    if Path(target).resolve().is_relative_to(Path(source).resolve()):
        raise click.UsageError(f"TO lies within FROM: {target}")
    ledger = open_ledger(source)
    with closing(open_reader(source)) as reader:
        info = reader.info()
        with closing(open_writer(target, space=info.space)) as writer:
            counts = _run(reader, ledger, writer, target)
    with closing(open_reader(target)) as copied:
        require_complete(info, copied.info(), counts)
    if as_json:
        print_json({"read": counts.read, **loaded.counts_object(counts)})
    else:
        click.echo(loaded.counts_line(counts))


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
