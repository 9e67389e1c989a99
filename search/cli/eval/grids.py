"""Options that say which settings tuning tries. Add one here, and to `search.evaluation.tuning.grid.Grid`."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from search.cli.options import with_options

if TYPE_CHECKING:
    from indexer.queries import Boosts
    from search.evaluation.tuning.grid import Grid

F = TypeVar("F", bound=Callable[..., Any])


def grid_options(function: F) -> F:
    """`--depths`, `--dense-weights`, `--rrf-k`, `--boosts`."""
    options = [
        click.option(
            "--depths",
            metavar="N,...",
            help="Numbers of candidates to try. [default: 50,100,200,500]",
        ),
        click.option(
            "--dense-weights",
            metavar="N,...",
            help="Weights of the dense list to try. [default: 0.1 to 0.9 by 0.1]",
        ),
        click.option(
            "--rrf-k",
            metavar="N,...",
            help="Constants of rrf to try. [default: 1,5,10,20,30,60,100]",
        ),
        click.option(
            "--boosts",
            multiple=True,
            metavar="FIELD=N,...",
            help="A set of field boosts to try too, such as mesh_text=1,keyword_text=0; repeat for more.",
        ),
    ]
    return with_options(function, options)


def grid_from(options: Mapping[str, Any]) -> "Grid":
    """The settings that the options name, the usual ones for those not given."""
    from search.evaluation.tuning.grid import Grid

    kinds: dict[str, type[int] | type[float]] = {"depths": int, "dense_weights": float, "rrf_k": int}
    named: dict[str, Any] = {
        name: _numbers(options[name], kind, name) for name, kind in kinds.items() if options[name] is not None
    }
    return Grid(**named, boosts=tuple(boosts_from(one) for one in options["boosts"]))


def _numbers(text: str, kind: type[int] | type[float], name: str) -> tuple[float, ...]:
    """Each number once, in the order given."""
    try:
        return tuple(dict.fromkeys(kind(part) for part in text.split(",")))
    except ValueError as error:
        option = name.replace("_", "-")
        raise click.UsageError(f"--{option}: {text!r} is not numbers with commas between them, as 50,100.") from error


def boosts_from(text: str) -> "Boosts":
    """The boosts of `mesh_text=1,keyword_text=0.5`."""
    from indexer.fields import searched

    found: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, sign, number = part.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            sign = ""
        if not sign:
            raise click.UsageError(f"--boosts: {part!r} is not FIELD=NUMBER, such as mesh_text=1.")
    boosts = tuple(sorted(found.items()))
    searched(boosts)
    return boosts
