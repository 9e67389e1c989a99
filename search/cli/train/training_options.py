"""Options of every command that trains, and how it is watched."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from search.cli.options import with_options

if TYPE_CHECKING:
    from onnx_models.training.loop import Objective, TrainingProgress
    from onnx_models.training.settings import TrainingSettings

F = TypeVar("F", bound=Callable[..., Any])

_TOLD_EVERY = 100
"""Steps between two lines, where no bar is drawn."""


def training_options(*, batch_size: int, schedule: str) -> Callable[[F], F]:
    """`--epochs` to `--patience`, by the names of `TrainingSettings`; and the licences that a card names.

    Args:
        batch_size: the default of `--batch-size`.
        schedule: the default of `--schedule`.
    """
    positive = click.IntRange(min=1)
    options = [
        click.option("--epochs", type=positive, default=8, show_default=True, help="How often the data is read."),
        click.option("--steps", type=positive, help="Stop after so many optimiser steps. [default: by --epochs]"),
        click.option(
            "--batch-size",
            type=positive,
            default=batch_size,
            show_default=True,
            help="Examples in a batch and process.",
        ),
        click.option(
            "--accumulate", type=positive, default=1, show_default=True, help="Batches of one optimiser step."
        ),
        click.option("--learning-rate", type=float, default=2e-5, show_default=True, help="The highest of the run."),
        click.option(
            "--warm-up", type=float, default=0.1, show_default=True, help="The share of steps in which it rises."
        ),
        click.option(
            "--schedule",
            type=click.Choice(["cosine", "linear", "constant"]),
            default=schedule,
            show_default=True,
            help="How the learning rate goes on after the warm-up.",
        ),
        click.option("--weight-decay", type=float, default=0.0, show_default=True, help="Of matrices, by AdamW."),
        click.option("--clip", type=float, default=1.0, show_default=True, help="The longest gradient."),
        click.option("--seed", type=int, default=2023, show_default=True, help="What order and dropout are drawn by."),
        click.option(
            "--precision",
            type=click.Choice(["fp32", "bf16"]),
            default="fp32",
            show_default=True,
            help="What the networks compute in; their weights are fp32.",
        ),
        click.option(
            "--save-every", type=positive, default=1000, show_default=True, help="Steps between two checkpoints."
        ),
        click.option(
            "--evaluate-every", type=positive, help="Steps between two measurements. [default: at the end alone]"
        ),
        click.option("--patience", type=positive, help="Stop after so many measurements without a better one."),
        click.option(
            "--data-licence",
            default="not stated",
            show_default=True,
            metavar="TEXT",
            help="The licence of the data, for the model's card.",
        ),
        click.option(
            "--licence",
            default="other",
            show_default=True,
            metavar="NAME",
            help="The licence of the weights, for the card, such as apache-2.0.",
        ),
    ]
    return lambda function: with_options(function, options)


def settings_from(options: Mapping[str, Any]) -> "TrainingSettings":
    """How to train, as `training_options` say."""
    from onnx_models.training.settings import TrainingSettings

    names = [field.name for field in fields(TrainingSettings)]
    return TrainingSettings(**{name: options[name] for name in names if name in options})


def require_torch() -> None:
    """Say what is missing before anything is read.

    Raises:
        MissingExtra: torch or transformers is not installed.
    """
    from onnx_models.errors import MissingExtra
    from onnx_models.export import torch_reference

    if not torch_reference.is_available():
        raise MissingExtra(what="Training", extra="train")


def watch(
    objective: "Objective",
    settings: "TrainingSettings",
    folder: Path,
    measure: Callable[[], float] | None = None,
    measured_on: str = "",
) -> "TrainingProgress | None":
    """Train to the end: a bar on a terminal, elsewhere a line now and then; None where nothing was left to do."""
    from onnx_models.training import ranks
    from onnx_models.training.loop import train
    from search.cli.bar import bar

    last = None
    with ExitStack() as stack:
        show = None
        for last in train(objective, settings, folder, measure=measure, measured_on=measured_on):
            if ranks.here().rank > 0:
                continue
            show = show or stack.enter_context(bar(last.steps))
            show(last.step, _line(last))
            if last.measured is not None or last.step % _TOLD_EVERY == 0:
                click.echo(_line(last), err=True)
    return last


def _line(at: "TrainingProgress") -> str:
    measured = "" if at.measured is None else f", measured {at.measured:.4f}"
    return f"step {at.step:,} of {at.steps:,}: loss {at.loss:.4f}, {at.examples_per_second:.1f} examples/s{measured}"
