"""Options that the commands of `biocpt attach` share, and a run with its progress."""

import functools
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from search.cli import access
from search.cli.options import home_option, run_from, run_options, with_options
from search.cli.quantities import Quantity

if TYPE_CHECKING:
    from indexer.attach.attaching import Attaching
    from indexer.attach.filling import FillOptions
    from indexer.attach.tally import Outcome, Tally
    from indexer.engines.location import Location
    from indexer.engines.opensearch.attached.field_map import FieldMap
    from search.indexing import LoadOptions

F = TypeVar("F", bound=Callable[..., Any])


def url_argument(function: F) -> F:
    """`URL` and `--sidecar`, and how to be let in there; the command gets two `Location`s, or one and None."""

    @functools.wraps(function)
    def located(*arguments: Any, url: str, sidecar: str | None, **values: Any) -> Any:
        from indexer.engines import kind_of

        given = access.taken(values)
        if kind_of(url) != "opensearch":
            raise click.UsageError(f"{url!r} is no URL. An index to attach is named https://host:9200/their-index.")
        beside = None if sidecar is None else access.location_with(sidecar, given)
        return function(*arguments, url=access.location(url, given), sidecar=beside, **values)

    beside = click.option(
        "--sidecar",
        metavar="FOLDER|URL",
        help="Keep the vectors in an index of our own, here, and change nothing at URL.",
    )
    return cast(
        F, with_options(located, [click.argument("url", metavar="URL"), beside, *access.options()])
    )  # for click


def fill_options(function: F) -> F:
    """How a run over an index goes about it."""
    options = [
        click.option("--dry-run", is_flag=True, help="Read, and say what would be done; change nothing."),
        click.option(
            "--max-docs-per-second",
            type=Quantity(0.001, 1e9),
            metavar="N",
            help="Change no more documents a second. [default: as many as the cluster takes]",
        ),
        click.option(
            "--model",
            envvar="BIOCPT_MODEL",
            help="The model set, by name or folder. [default: medcpt; an index that is attached keeps its own]",
        ),
        run_options,
        home_option,
    ]
    return with_options(function, options)


def fill_options_from(options: dict[str, Any]) -> "FillOptions":
    """What the options say of a run."""
    from indexer.attach.filling import FillOptions
    from indexer.attach.pace import Pace

    return FillOptions(pace=Pace(options["max_docs_per_second"]), dry_run=options["dry_run"])


def encoder_options_from(options: dict[str, Any]) -> "LoadOptions":
    """Which encoder the options ask for; what the environment says is for an index that is attached anew."""
    from search.cli.options import model_named
    from search.indexing import DEFAULT_MODEL, LoadOptions

    return LoadOptions(
        home=options["home"],
        model=model_named(options),
        default_model=options["model"] or DEFAULT_MODEL,
        run=run_from(options),
    )


def fill_beside(
    attaching: "Attaching", where: "Location", map: "FieldMap | None", options: dict[str, Any]
) -> "Outcome":
    """Fill a side-car, or bring it up to date."""
    import time

    from indexer.attach import beside
    from search.attaching import open_encoder

    note = attaching.side_car(where, map)
    theirs = attaching.theirs(note.map)
    encoder, space = open_encoder(encoder_options_from(options), beside.space_at(where))
    car = beside.SideCar(location=where, note=note, space=space, order=int(time.time()))
    return run_through(beside.fill_beside(theirs, car, encoder, fill_options_from(options)))


def run_through(run: "Generator[Tally, None, Outcome]") -> "Outcome":
    """The outcome of a run, with a bar on the way."""
    from contextlib import closing

    from search.cli.bar import bar

    with closing(run):
        total = next(run).found
        with bar(total) as show:
            while True:
                try:
                    tally = next(run)
                except StopIteration as end:
                    outcome: Outcome = end.value
                    return outcome
                show(tally.read, f"{tally.read:,} of {total:,} documents, {tally.encoded:,} encoded")
