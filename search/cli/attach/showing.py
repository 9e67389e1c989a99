"""What `biocpt attach` did, as text for people and as JSON for programs."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from search.cli.options import print_json

if TYPE_CHECKING:
    from indexer.attach.attaching import Plan
    from indexer.attach.tally import Outcome, Tally

REFUSED = 3
"""Exit code: finished, but the cluster would not change some documents."""

_DONE = {
    "encoded": ("given a vector", "would be given a vector"),
    "fresh": ("had theirs already", "have theirs already"),
    "without_text": ("without text", "without text"),
    "cleared": ("rid of ours", "would be rid of ours"),
    "gone": ("deleted meanwhile", "deleted meanwhile"),
    "refused": ("refused by the cluster", "refused by the cluster"),
    "twins": ("with the id of another, whose vector is theirs too",) * 2,
}


def show(outcome: "Outcome", *, address: str, as_json: bool, dry_run: bool, plan: "Plan | None" = None) -> int:
    """Print it; the exit code."""
    if as_json:
        print_json(as_object(outcome, dry_run=dry_run, plan=plan))
    else:
        _print(outcome, address=address, dry_run=dry_run, plan=plan)
    for id, reason in outcome.refusals:
        click.echo(f"Not changed: {id!r}: {reason}", err=True)
    return REFUSED if outcome.tally.refused else 0


def as_object(outcome: "Outcome", *, dry_run: bool, plan: "Plan | None") -> dict[str, Any]:
    """One object; `mapping` is the body that adds our fields, for an index that has them not yet."""
    return {
        "documents": outcome.documents,
        "with_vector": outcome.with_vector,
        **asdict(outcome.tally),
        "dry_run": dry_run,
        "mapping": None if plan is None else plan.mapping,
    }


def show_undone(outcome: "Outcome", *, address: str, fields: tuple[str, ...], as_json: bool, dry_run: bool) -> int:
    """Print what is left after our values were taken back; the exit code."""
    code = show(outcome, address=address, as_json=as_json, dry_run=dry_run)
    if not as_json and not dry_run:
        names = f"{', '.join(fields[:-1])} and {fields[-1]}"
        stays = f"The fields {names} stay in its mapping, empty: OpenSearch removes no field from a mapping."
        click.echo(
            stays if not outcome.with_vector else f"{outcome.with_vector:,} documents still hold values of ours."
        )
    return code


def _print(outcome: "Outcome", *, address: str, dry_run: bool, plan: "Plan | None") -> None:
    if dry_run and plan is not None and plan.mapping is not None:
        added = ", ".join(plan.mapping["properties"])
        click.echo(f"The fields {added} would be added to the mapping, and a note to its _meta.")
    click.echo(f"{address}: {outcome.documents:,} documents, {outcome.with_vector:,} with a vector.")
    click.echo(f"Looked at {outcome.tally.read:,}: {_parts(outcome.tally, dry_run=dry_run)}.")
    if not outcome.is_seen:
        click.echo("Searches see all of it after the index's next refresh, which this user may not ask for.")


def _parts(tally: "Tally", *, dry_run: bool) -> str:
    figures = asdict(tally)
    said = [f"{figures[name]:,} {words[dry_run]}" for name, words in _DONE.items() if figures[name]]
    return ", ".join(said) or "nothing to do"
