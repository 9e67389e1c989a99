"""Options that say how runs are judged, shared by the commands of `biocpt eval`."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from search.cli.options import with_options

if TYPE_CHECKING:
    from search.evaluation.judging import Judging

_NAME = re.compile(r"(?:[^\s,(]|\([^)]*\)?)+")
"""Names stand between spaces or commas, which may also be inside of their brackets: `nDCG@10, RBP(p=0.8, rel=1)`."""

F = TypeVar("F", bound=Callable[..., Any])


def judging_options(function: F) -> F:
    """`--measures`, `--baseline`, `--complete`, `--judged-only`."""
    options = [
        click.option(
            "--measures",
            metavar="NAMES",
            help="In ir-measures' names, such as 'nDCG@10 R@100 AP'; the first decides which losses are shown. "
            "[default: the task's own; for run files nDCG@10 R@100]",
        ),
        click.option(
            "--baseline", metavar="NAME", help="The system that others are compared with. [default: the first]"
        ),
        click.option("--complete", is_flag=True, help="As trec_eval -c: judged topics that a run lacks count 0."),
        click.option("--judged-only", is_flag=True, help="Remove articles that nobody judged from the lists first."),
    ]
    return with_options(function, options)


def judging_from(options: Mapping[str, Any], default: tuple[str, ...]) -> "Judging":
    """What the options say; refuses what cannot be measured before anything is searched."""
    from search.evaluation import measures
    from search.evaluation.judging import Judging

    named = ["".join(name.split()) for name in _NAME.findall(options["measures"] or "")]
    judging = Judging(
        measures=tuple(dict.fromkeys(named or default)),
        complete=options["complete"],
        judged_only=options["judged_only"],
    )
    measures.check(judging.measures)
    return judging
