"""`biocpt attach URL`: propose a field map, add vectors (`--apply`), or take them back (`--undo`)."""

from dataclasses import asdict
from pathlib import Path
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
from search.cli.attach.showing import show, show_undone
from search.cli.options import json_option, print_json

if TYPE_CHECKING:
    from indexer.attach.attaching import Attaching
    from indexer.engines.location import Location
    from indexer.engines.opensearch.attached.field_map import FieldMap


@click.command(name="to", cls=IndexCommand)
@url_argument
@click.option("--apply", "is_applied", is_flag=True, help="Add the vectors.")
@click.option("--undo", is_flag=True, help="Take all vectors back.")
@click.option(
    "--map",
    "map_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A field map, TOML. [default: the proposed one]",
)
@fill_options
@json_option
def command(
    url: "Location", sidecar: "Location | None", is_applied: bool, undo: bool, as_json: bool, **options: Any
) -> int:
    """Propose which fields of the index at URL are its title, text, year and filters, as TOML with the reasons.

    With --apply its documents are given vectors: three fields are added, none of theirs is changed, and what their
    own programs write meanwhile is kept. The same command goes on after a stop. --undo takes the vectors back.
    With --sidecar nothing is changed at URL: the vectors lie in a folder or index of ours, which
    `biocpt search --index` then names.
    Exit code 3: the cluster would not change some documents.
    """
    from contextlib import closing

    from indexer.attach.attaching import Attaching

    if is_applied and undo:
        raise click.UsageError("--apply adds vectors and --undo takes them back: give one.")
    if undo and sidecar is not None:
        raise click.UsageError("--undo takes vectors out of URL itself. A side-car is undone by removing it.")
    with closing(Attaching(url)) as attaching:
        if undo:
            return _undo(attaching, as_json=as_json, options=options)
        map = _read(options["map_file"])
        if is_applied and sidecar is not None:
            outcome = fill_beside(attaching, sidecar, map, options)
            return show(outcome, address=attaching.address, as_json=as_json, dry_run=options["dry_run"])
        if is_applied:
            return _apply(attaching, map, as_json=as_json, options=options)
        return _propose(attaching, map, as_json=as_json)


def _read(file: Path | None) -> "FieldMap | None":
    from indexer.attach.map_file import read_map

    return None if file is None else read_map(file)


def _propose(attaching: "Attaching", map: "FieldMap | None", *, as_json: bool) -> int:
    from indexer.attach.map_file import as_toml
    from indexer.engines.opensearch.attached.field_map import require_usable

    obstacles = attaching.index.obstacles()
    proposal = attaching.proposal() if map is None else None
    if map is not None:
        require_usable(map, attaching.index.leaves)
    if as_json:
        said = {} if proposal is None else asdict(proposal)
        print_json({**said, "obstacles": obstacles, "is_attached": attaching.record is not None})
        return 0
    if proposal is not None:
        click.echo(as_toml(proposal, attaching.address), nl=False)
    else:
        click.echo("Every field of the map is there, and can serve.", err=True)
    if attaching.record is not None:
        click.echo("It is attached already. After its own indexer wrote: biocpt attach sync URL", err=True)
    elif obstacles:
        click.echo(
            f"No vectors can be added to this index itself: {'; '.join(obstacles)}. "
            "They can lie beside it: biocpt attach URL --sidecar FOLDER --apply",
            err=True,
        )
    else:
        click.echo("Vectors can be added to this index: biocpt attach URL --apply", err=True)
    return 0


def _apply(attaching: "Attaching", map: "FieldMap | None", *, as_json: bool, options: dict[str, Any]) -> int:
    from search.attaching import open_encoder

    attaching.require_place()
    record = attaching.record
    encoder, space = open_encoder(encoder_options_from(options), record.space if record else None)
    plan = attaching.plan(map, space)
    outcome = run_through(attaching.apply(plan, encoder, fill_options_from(options)))
    return show(outcome, address=attaching.address, as_json=as_json, dry_run=options["dry_run"], plan=plan)


def _undo(attaching: "Attaching", *, as_json: bool, options: dict[str, Any]) -> int:
    fields = attaching.require_attached().added.all
    outcome = run_through(attaching.undo(fill_options_from(options)))
    dry_run = options["dry_run"]
    return show_undone(outcome, address=attaching.address, fields=fields, as_json=as_json, dry_run=dry_run)
