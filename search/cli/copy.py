"""`biocpt copy FROM TO`: an index, vectors included, to another place; nothing is encoded."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from search.cli.access import IndexCommand
from search.cli.options import copy_options, default_state, json_option, rejects_option
from search.cli.writing import copy_into_options

if TYPE_CHECKING:
    from indexer.copying import Options
    from indexer.engines.location import Location
    from indexer.engines.protocol import IndexInfo, Reader, Writer
    from indexer.engines.writing import WriteOptions
    from indexer.ledger import Ledger
    from indexer.progress import Counts

NOT_SERVED, REJECTED = 1, 3


@click.command(name="copy", cls=IndexCommand)
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@copy_options
@rejects_option
@copy_into_options
@json_option
def command(
    source: "Location", target: "Location", rejects: Path | None, writing: "WriteOptions", as_json: bool
) -> int:
    """Copy the index FROM to TO, vectors included; each is a folder or a URL. TO may be new or hold the same kind of
    vectors; where both hold an id, the newer record stays. Run it again after a stop: what is there already is passed
    over.

    Where both are URLs, both clusters are asked as the same user, unless --from-user or a secret of FROM's own says
    otherwise. With --rebuild they may be the same: an index in a cluster is made again, in other shards or with its
    vectors kept otherwise, without its sources.

    Exit code 1: TO is not served in the end; 3: all rows were read, but TO would not store some.
    """
    from contextlib import closing

    from indexer.copying import Options, require_complete
    from indexer.engines import open_ledger, open_reader, open_writer
    from search.cli import loaded
    from search.indexing import rejects_of

    _require_two(source, target, writing)
    with closing(open_ledger(source)) as ledger, closing(open_reader(source)) as reader:
        info = reader.info(versions=False)
        refused = rejects_of(target, rejects, state=default_state())
        with closing(open_writer(target, space=info.space, options=writing)) as writer:
            counts = _run(reader, info, ledger, writer, Options(location=str(target), rejects=refused))
            publication = writer.publish()
    if publication.is_served:
        with closing(open_reader(target)) as copied:
            require_complete(info, copied.info(versions=False), counts)
    loaded.show_copy(counts, refused.path, publication, as_json=as_json)
    if not publication.is_served:
        return NOT_SERVED
    return REJECTED if counts.rejected else 0


def _require_two(source: "Location", target: "Location", writing: "WriteOptions") -> None:
    """An index is not copied onto or into itself, but for a new version of one in a cluster."""
    if "://" in source.name or "://" in target.name:
        if not writing.rebuild and source.name.rstrip("/") == target.name.rstrip("/"):
            raise click.UsageError(f"FROM and TO are the same index: {source}")
        return
    here, there = Path(source.name).resolve(), Path(target.name).resolve()
    if here == there:
        raise click.UsageError(f"FROM and TO are the same index: {source}")
    if there.is_relative_to(here):
        raise click.UsageError(f"TO lies within FROM: {target}")


def _run(reader: "Reader", info: "IndexInfo", ledger: "Ledger", writer: "Writer", options: "Options") -> "Counts":
    from indexer.copying import copy
    from indexer.progress import Counts
    from search.cli.bar import bar

    counts = Counts()
    rows = info.articles + info.tombstones
    with bar(rows) as show:
        for counts in copy(reader, ledger, writer, options=options):
            show(counts.read, f"{counts.read:,} of {rows:,} rows")
    return counts
