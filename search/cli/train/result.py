"""What a command that trains leaves: the set's card, and the lines that say so."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from search.cli.options import print_json

if TYPE_CHECKING:
    from onnx_models.training.dataset import Dataset, Kind
    from onnx_models.training.model_card import Result
    from onnx_models.training.outcome import Outcome


def tell(out: Path, done: "Outcome | None", *, as_json: bool) -> None:
    """How far the run has come, and what comes next."""
    if done is not None and as_json:
        print_json({"folder": str(out), "steps": done.step, "before": done.before, "best": done.best})
    click.echo(f"Wrote {out}. Next: biocpt models export {out}", err=True)


def write_card(
    out: Path,
    done: "Outcome",
    options: Mapping[str, Any],
    *,
    read: "tuple[Dataset, Kind]",
    results: "Sequence[Result]",
    part: str,
    objective: str,
    started_from: tuple[str, ...],
) -> None:
    """Write the card of a set.

    Args:
        out: the set's folder.
        done: the run.
        options: of the command, with the licences that `training_options` adds.
        read: what was trained on, and as which kind of example.
        results: what was measured.
        part: of the set, that was trained.
        objective: what was learnt, in a sentence or two.
        started_from: whose weights it began with.
    """
    from onnx_models.export.job import tools
    from onnx_models.training import model_card

    dataset, kind = read
    data = model_card.Data(
        name=dataset.folder.name,
        examples=dataset.count(kind),
        fingerprint=dataset.fingerprint,
        licence=options["data_licence"],
        counts=dataset.counts,
    )
    record = model_card.TrainingRecord(
        part=part,
        objective=objective,
        started_from=started_from,
        data=(data,),
        settings={name: value for name, value in done.about.items() if name != "data"},
        steps=done.step,
        results=tuple(results),
        licence=options["licence"],
        tools=tools(),
    )
    model_card.write(out, record)
