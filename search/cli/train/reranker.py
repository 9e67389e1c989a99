"""`biocpt train reranker`: a cross-encoder, or late interaction, from lists of passages to tell apart."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from search.cli.options import home_option, json_option
from search.cli.train.result import tell, write_card
from search.cli.train.training_options import require_torch, settings_from, training_options, watch

if TYPE_CHECKING:
    from onnx_models.training.dataset import Dataset
    from onnx_models.training.list_quality import ListQuality
    from onnx_models.training.outcome import Outcome
    from onnx_models.training.reranker import ListSettings
    from onnx_models.training.scorer import Scorer
    from onnx_models.training.settings import TrainingSettings

    AnyScorer: TypeAlias = Scorer[Any]

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_POSITIVE = click.IntRange(min=1)
_PARTS = {"cross": "reranker", "late": "late"}
_LATE_TEMPERATURE = 0.05


@click.command(name="reranker", short_help="Train a cross-encoder, or late interaction.")
@click.option("--data", required=True, type=_FOLDER, help="The prepared dataset: its queries need negatives.")
@click.option(
    "--from",
    "start",
    required=True,
    metavar="SET|FOLDER",
    help="What to start from: a set's cross-encoder, or its article encoder where it has none; or a checkpoint.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The model set's folder: one that is there gets a [cross]; a new one also gets the encoders of --from.",
)
@click.option(
    "--kind",
    type=click.Choice(["cross", "late"]),
    default="cross",
    show_default=True,
    help="cross: a model that reads both texts. late: the set's one encoder, whose token states are compared.",
)
@click.option(
    "--layout",
    type=click.Choice(["packed", "fixed32"]),
    default="packed",
    show_default=True,
    help="packed: as searching reads pairs. fixed32: as MedCPT was trained, passages from position 32 on.",
)
@click.option("--max-tokens", type=click.IntRange(min=3), help="Most tokens of a pair. [default: as --from has it]")
@click.option(
    "--negatives",
    type=_POSITIVE,
    default=31,
    show_default=True,
    help="Drawn for each query and epoch, if it has as many.",
)
@click.option(
    "--teacher",
    "distillation",
    type=click.Choice(["margin-mse", "kl"]),
    help="Learn from the scores in the dataset: their margins, or their softmax. [default: from clicks alone]",
)
@click.option(
    "--teacher-share", "share", type=float, default=0.5, show_default=True, help="The teacher's share in the loss."
)
@click.option(
    "--teacher-scale", type=float, default=1.0, show_default=True, help="What the teacher's scores are multiplied by."
)
@click.option(
    "--temperature", type=float, help="What scores are divided by before the softmax. [default: 1; late: 0.05]"
)
@click.option(
    "--rerank-mix",
    type=click.FloatRange(0, 1),
    help="Weight of its scores against fused ones, noted in the set. [default: what the set says, else 1]",
)
@click.option(
    "--pass-tokens",
    type=_POSITIVE,
    default=8192,
    show_default=True,
    help="Most tokens, padding included, of one forward pass. Memory depends on it, results do not.",
)
@click.option("--dev", type=_FOLDER, help="Another dataset, to measure nDCG@10 on while training: the best is kept.")
@training_options(batch_size=32, schedule="linear")
@home_option
@json_option
def command(data: Path, out: Path, as_json: bool, **options: Any) -> None:
    """Train a re-ranker to put the article that people chose above others of the same list.

    One positive and --negatives others of each query, the mean of all queries of an optimiser step weighted by clicks.
    A run that was stopped goes on when it is called again with the same options.
    Then `biocpt models export OUT`, and `biocpt search --model OUT --rerank cross` (or late).
    """
    require_torch()
    from onnx_models.training import outcome, ranks
    from onnx_models.training.cross_start import note_mix
    from onnx_models.training.dataset import open_dataset
    from onnx_models.training.reranker import RerankerObjective

    dataset, dev = open_dataset(data), None if options["dev"] is None else open_dataset(options["dev"])
    settings = _settings(options)
    lists = _lists(options, settings)
    state = out / "training" / _PARTS[options["kind"]]
    with ranks.joined() as (rank, _):
        scorer, started_from = _late(options, settings) if options["kind"] == "late" else _cross(out, options, rank)
        objective = RerankerObjective(scorer, dataset, lists, seed=settings.seed)
        if dev is None:
            watch(objective, settings, state)
        else:
            watch(objective, settings, state, lambda: _quality(dev, scorer, lists).ndcg, dev.fingerprint)
        if rank > 0:
            return
        objective.save(out)
        note_mix(out, options["rerank_mix"])
        quality = None if dev is None else _quality(dev, scorer, lists)
    done = outcome.read(state)
    if done is not None:
        _write_card(out, dataset, done, {**options, "started_from": started_from, "quality": quality})
    tell(out, done, as_json=as_json)


def _settings(options: dict[str, Any]) -> "TrainingSettings":
    """The window of an optimiser step is one batch to the loop, so that its weighted mean is exact."""
    asked = settings_from(options)
    return replace(asked, batch_size=asked.batch_size * asked.accumulate, accumulate=1)


def _lists(options: dict[str, Any], settings: "TrainingSettings") -> "ListSettings":
    from onnx_models.training.list_loss import ListLoss
    from onnx_models.training.reranker import ListSettings

    usual = _LATE_TEMPERATURE if options["kind"] == "late" else 1.0
    temperature = usual if options["temperature"] is None else options["temperature"]
    taught = {name: options[name] for name in ("distillation", "share", "teacher_scale")}
    return ListSettings(
        negatives=options["negatives"],
        window=settings.batch_size,
        tokens=options["pass_tokens"],
        loss=ListLoss(**taught, temperature=temperature),
    )


def _cross(out: Path, options: dict[str, Any], rank: int) -> "tuple[AnyScorer, str]":
    """A cross-encoder to train, and where its weights come from; the first process makes the set ready for it."""
    from onnx_models.training import cross_start
    from onnx_models.training.cross import CrossScorer, CrossSettings

    start = cross_start.find(options["home"], options["start"])
    if rank == 0:
        cross_start.join(out, start)
    max_tokens = options["max_tokens"] or start.spec.max_tokens
    settings = CrossSettings(layout=options["layout"], precision=options["precision"], seed=options["seed"])
    scorer = CrossScorer(start.checkpoint, replace(start.spec, max_tokens=max_tokens), settings)
    if scorer.new and rank == 0:
        click.echo(f"The checkpoint has no {' and no '.join(scorer.new)}: the head is new and learns all.", err=True)
    return scorer, start.made_from


def _late(options: dict[str, Any], settings: "TrainingSettings") -> "tuple[AnyScorer, str]":
    """One encoder to train for both sides, and where its weights come from."""
    from onnx_models.errors import UnsuitableModel
    from onnx_models.training import starting
    from onnx_models.training.late import LateScorer
    from onnx_models.training.towers import Tower

    start = starting.find(options["home"], options["start"])
    if not start.tied:
        problem = "late interaction needs one encoder for queries and articles; start from a set that has one"
        raise UnsuitableModel(model=options["start"], problem=problem)
    start = starting.changed(start, query={}, article={"max_tokens": options["max_tokens"]})
    tower = Tower(start.article, start.article_checkpoint, precision=settings.precision)
    return LateScorer(tower, start.query), start.article.checkpoint


def _quality(dev: "Dataset", scorer: "AnyScorer", lists: "ListSettings") -> "ListQuality":
    from onnx_models.training import list_quality

    return list_quality.measure(dev.queries(), scorer, tokens=lists.tokens)


def _write_card(out: Path, dataset: "Dataset", done: "Outcome", options: dict[str, Any]) -> None:
    from onnx_models.training.model_card import Result

    results = []
    if (quality := options["quality"]) is not None:
        name = options["dev"].name
        results = [
            Result(task=name, measure="nDCG@10", before=done.before, after=quality.ndcg),
            Result(task=name, measure="MRR@10", after=quality.mrr),
        ]
    write_card(
        out,
        done,
        options,
        read=(dataset, "lists"),
        results=results,
        part=_PARTS[options["kind"]],
        objective=_told(options),
        started_from=(options["started_from"],),
    )


def _told(options: dict[str, Any]) -> str:
    """What was learnt, for the card."""
    lines = [
        "The article chosen for a query was learnt, above others of the same list (Jin et al., Bioinformatics 2023)."
    ]
    if options["kind"] == "late":
        lines.append("Texts are compared token by token (Khattab and Zaharia, SIGIR 2020).")
    if options["distillation"] == "margin-mse":
        lines.append("So were the margins of a teacher's scores (Hofstätter et al., arXiv 2010.02666).")
    if options["distillation"] == "kl":
        lines.append("So was the softmax of a teacher's scores.")
    return "\n".join(lines)
