"""`biocpt pipeline`: search pipelines in a cluster, for clients that know nothing of us."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from search.cli.access import IndexCommand
from search.cli.emitting import FORMS, emitted
from search.cli.options import index_option, json_option, print_json

if TYPE_CHECKING:
    from indexer.engines.location import Location
    from indexer.engines.opensearch.pipelines.installing import Report
    from indexer.engines.opensearch.pipelines.standing import Overview

F = TypeVar("F", bound=Callable[..., Any])

KINDS = ("min-max", "rrf", "neural", "template", "rewrite")


def emit_option(function: F) -> F:
    """`--emit [FORM]`: print the requests instead of sending them."""
    return click.option(
        "--emit",
        is_flag=False,
        flag_value="console",
        type=click.Choice(FORMS),
        help="Print the requests instead of sending them. Without a value: console.",
    )(function)


@click.group(name="pipeline")
def command() -> None:
    """Install search pipelines in a cluster, for clients that know nothing of biocpt.

    A pipeline fuses the two lists of a client's `hybrid` query, words first and vectors second, as `biocpt search`
    does: `min-max` by the mean of scaled scores, `rrf` by reciprocal ranks.

    Where `biocpt connector install` has been run, clients need bring no vector, and what they find is re-ranked:
    `neural` is for hybrid queries with a `neural` part, `template` for template queries, and `rewrite` makes a bare
    `match` or `multi_match` a hybrid query. docs/pipelines.md says what to send.
    """


@click.command(name="install", cls=IndexCommand)
@click.argument("kinds", nargs=-1, type=click.Choice(KINDS), metavar="[KIND]...")
@index_option
@click.option("--rrf-k", type=click.IntRange(1, 10_000), default=60, show_default=True, help="rrf: added to ranks.")
@click.option(
    "--dense-weight",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="The weight of the list of vectors against BM25.",
)
@click.option(
    "--fusion",
    type=click.Choice(["min-max", "rrf"]),
    default="min-max",
    show_default=True,
    help="neural, template, rewrite: how they fuse.",
)
@click.option(
    "--rerank-factor",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    help="neural, template, rewrite: how many times the hits that a client asks for are re-ranked.",
)
@click.option("--default", type=click.Choice(KINDS), help="Send searches of this index through it that name none.")
@click.option("--force", is_flag=True, help="Take the place of a default pipeline, or of what a newer biocpt made.")
@emit_option
@json_option
def install(
    kinds: tuple[str, ...], index: "Location", default: str | None, force: bool, emit: str | None, **options: Any
) -> None:
    """Put the pipelines of an index in place: of the KINDs named, or min-max and rrf.

    Run again, it changes what differs. Pipelines are named after the index: pubmed-min-max, pubmed-rrf. One that
    biocpt did not make is left untouched.
    """
    from dataclasses import replace

    from indexer.engines.opensearch.connecting.address import parse
    from indexer.engines.opensearch.pipelines import installing
    from search.fusion import FusionOptions
    from search.pipelines import in_cluster, wish

    fusing = FusionOptions(k=options["rrf_k"], dense_weight=options["dense_weight"])
    factor = options["rerank_factor"]
    asked = wish(kinds, fusing, fusion=options["fusion"], factor=factor, default=default or "", force=force)
    if emit:
        alias = parse(in_cluster(index).name).alias
        if fusing != FusionOptions():
            click.echo("For OpenSearch 3.1 or later: older ones read --rrf-k from another place.", err=True)
        if asked.asks_models:
            asked = replace(asked, making=replace(asked.making, models=installing.models_of(index)))
        click.echo(emitted(installing.requests(alias, asked), index, emit))
        return
    report = installing.install(in_cluster(index), asked)
    if options["as_json"]:
        print_json(_report_as_json(report))
    else:
        _tell(report)


@click.command(name="show", cls=IndexCommand)
@index_option
@json_option
def show(index: "Location", as_json: bool) -> None:
    """Say which pipelines of an index are installed, and which is its default."""
    from indexer.engines.opensearch.pipelines.standing import overview
    from search.pipelines import in_cluster

    found = overview(in_cluster(index))
    if as_json:
        print_json(_overview_as_json(found))
        return
    for there in found.pipelines:
        marks = [f"version {there.version}"] if there.is_ours else ["not made by biocpt for this index"]
        marks += ["the default"] if there.name == found.default else []
        click.echo(f"{there.name}: {', '.join(marks)}")
        if there.replaced:
            click.echo(f"  in place of the default {there.replaced!r}")
    if not found.pipelines:
        click.echo("No pipeline is installed: `biocpt pipeline install` does it.")
    if found.default not in {there.name for there in found.pipelines}:
        click.echo(f"Default of {found.index!r}: {found.default or 'none'}")
    if found.default_is_missing:
        click.echo(
            f"There is no pipeline {found.default!r}, so searches that name none are refused: "
            "`biocpt pipeline install --default min-max --force` puts another in its place."
        )


@click.command(name="remove", cls=IndexCommand)
@index_option
@emit_option
@json_option
def remove(index: "Location", emit: str | None, as_json: bool) -> None:
    """Remove the pipelines that biocpt made for an index, and put back the default that stood before them."""
    from dataclasses import asdict

    from indexer.engines.opensearch.pipelines import removing
    from search.pipelines import in_cluster

    if emit:
        click.echo(emitted(removing.requests(in_cluster(index)), index, emit))
        return
    done = removing.remove(in_cluster(index))
    if as_json:
        print_json(asdict(done))
        return
    for version, default in done.defaults.items():
        click.echo(f"Default of {version!r}: {default or 'none'}")
    click.echo(f"Removed: {', '.join(done.removed)}." if done.removed else "There was nothing to remove.")
    for name in done.kept:
        click.echo(f"Kept: {name}, which biocpt did not make for this index.")


def _tell(report: "Report") -> None:
    for name, outcome in report.pipelines:
        click.echo(f"{name}: {outcome}")
    instead = f", in place of {report.replaced!r}" if report.replaced else ""
    click.echo(f"Default of {report.index!r}: {report.default or 'none'}{instead}")
    for note in report.notes:
        click.echo(note, err=True)


def _report_as_json(report: "Report") -> dict[str, Any]:
    return {
        "index": report.index,
        "pipelines": dict(report.pipelines),
        "default": report.default or None,
        "replaced": report.replaced or None,
        "notes": list(report.notes),
    }


def _overview_as_json(found: "Overview") -> dict[str, Any]:
    pipelines = [
        {
            "name": there.name,
            "kind": there.kind,
            "made_by_biocpt": there.is_ours,
            "version": there.version if there.is_ours else None,
            "replaced": there.replaced or None,
            "body": there.body,
        }
        for there in found.pipelines
    ]
    return {
        "index": found.index,
        "default": found.default or None,
        "default_is_missing": found.default_is_missing,
        "pipelines": pipelines,
    }


for _inner in (install, show, remove):
    command.add_command(_inner)
