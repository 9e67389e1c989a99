"""Judge a model set by pairs of sentences that people scored; an index is asked for its model's name alone."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from search.cli.options import model_named, run_from

if TYPE_CHECKING:
    from indexer.engines.location import Location
    from search.evaluation.evaluation import Evaluation
    from search.evaluation.task import SentencePairs

_OF_QUESTIONS = ("systems", "measures", "baseline", "complete", "judged_only", "force", "sweep")


def evaluate(task: "SentencePairs", index: "Location | None", options: Mapping[str, Any]) -> "Evaluation":
    """The correlation of the query encoder's similarities with people's scores."""
    from onnx_models import find_set, load_encoder
    from search.cli.eval import command_line
    from search.evaluation import assembling, experiment, facts, measures

    _refuse_others()
    if (limit := options["limit_topics"]) is not None:
        task = replace(task, pairs=task.pairs[:limit], scores=task.scores[:limit])
    measures.correlate((0.0, 1.0), (0.0, 1.0))  # tells that scipy is missing before a model is loaded
    models = find_set(options["home"], model_named(options) or _model_of(index))
    encoder = load_encoder(models.query, run_from(options))
    found = experiment.similarities(task, encoder, models.query.spec.similarity)
    told = {"command": command_line(), "query encoder": facts.model(encoder), "fingerprint": encoder.fingerprint}
    evaluation = assembling.of_pairs(task, found, model=models.model_set.name)
    return replace(evaluation, facts={**told, **facts.of_machine(date.today())})


def _refuse_others() -> None:
    """Refuse options that were typed and mean something to questions alone."""
    context = click.get_current_context()
    typed = [name for name in _OF_QUESTIONS if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if typed:
        named = ", ".join(f"--{name.replace('_', '-')}" for name in typed)
        raise click.UsageError(f"Pairs of sentences are judged by correlation alone: leave out {named}.")


def _model_of(index: "Location | None") -> str:
    from contextlib import closing

    from indexer.engines import open_reader
    from search.errors import NoVectors

    if index is None:
        raise click.UsageError(
            "Pairs of sentences need an encoder: give --model, or --index for the one it was made by."
        )
    with closing(open_reader(index)) as reader:
        info = reader.info(versions=False)
    if info.space is None:
        raise NoVectors(info.location, "dense")
    return info.space.model
