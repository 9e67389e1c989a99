"""`biocpt attach sync URL`: vectors for what was added or changed since, and none for texts that are gone."""

from typing import TYPE_CHECKING, Any

import click

from search.cli.access import IndexCommand
from search.cli.attach.asking import (
    encoder_options_from,
    fill_beside,
    fill_options,
    fill_options_from,
    run_through,
    url_argument,
)
from search.cli.attach.showing import show
from search.cli.options import json_option

if TYPE_CHECKING:
    from indexer.engines.location import Location


@click.command(name="sync", cls=IndexCommand)
@url_argument
@fill_options
@json_option
def command(url: "Location", sidecar: "Location | None", as_json: bool, **options: Any) -> int:
    """Bring the vectors of the index at URL up to date after its own indexer wrote.

    Every text is read and compared with the one that its vector was made of; only new and changed ones are encoded.
    Exit code 3: the cluster would not change some documents.
    """
    from contextlib import closing

    from indexer.attach.attaching import Attaching
    from search.attaching import open_encoder

    with closing(Attaching(url)) as attaching:
        if sidecar is not None:
            outcome = fill_beside(attaching, sidecar, None, options)
            return show(outcome, address=attaching.address, as_json=as_json, dry_run=options["dry_run"])
        record = attaching.require_attached()
        encoder, space = open_encoder(encoder_options_from(options), record.space)
        attaching.plan(None, space)
        outcome = run_through(attaching.sync(encoder, fill_options_from(options)))
        return show(outcome, address=attaching.address, as_json=as_json, dry_run=options["dry_run"])
