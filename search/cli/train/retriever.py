"""`biocpt train retriever`: a query encoder and an article encoder, from queries and the articles chosen for them."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from search.cli.options import home_option, json_option
from search.cli.train.result import tell, write_card
from search.cli.train.training_options import require_torch, settings_from, training_options, watch

if TYPE_CHECKING:
    from onnx_models.training.dataset import Dataset
    from onnx_models.training.outcome import Outcome
    from onnx_models.training.retriever import ContrastiveSettings, Retriever
    from onnx_models.training.starting import Start

_TOKENS = click.IntRange(min=3)


@click.command(name="retriever", short_help="Train a query encoder and an article encoder.")
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The prepared dataset.",
)
@click.option(
    "--from",
    "start",
    required=True,
    metavar="SET|FOLDER",
    help="What to start from: a model set that kept its checkpoints, or a checkpoint's folder for both sides.",
)
@click.option(
    "--article-from",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A checkpoint's folder that the article encoder starts from. [default: as --from says]",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The model set's folder: checkpoints in source/, the state of the run in training/retriever/.",
)
@click.option("--tied/--untied", default=None, help="One encoder for both sides, or two. [default: as --from has it]")
@click.option("--pooling", type=click.Choice(["cls", "mean", "last"]), help="[default: as --from has it, else cls]")
@click.option("--similarity", type=click.Choice(["ip", "cosine"]), help="[default: as --from has it, else ip]")
@click.option(
    "--layout",
    type=click.Choice(["pair", "concat"]),
    help="Title and abstract as a pair of segments or one text. [default: as --from has it, else pair]",
)
@click.option("--query-tokens", type=_TOKENS, help="Most tokens of a query. [default: as --from has it, else 64]")
@click.option("--article-tokens", type=_TOKENS, help="Most tokens of an article. [default: as --from has it, else 512]")
@click.option(
    "--scale", type=float, help="What scores are multiplied by, 1 over the temperature. [default: 1; cosines: 20]"
)
@click.option(
    "--alpha", type=float, default=0.8, show_default=True, help="The share of the direction from query to article."
)
@click.option(
    "--official",
    is_flag=True,
    help="Count all other articles of a batch as negatives, as MedCPT's own code does. "
    "[default: not the same article, nor one of the same query, nor one known to answer it]",
)
@click.option(
    "--negatives",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="How many of a pair's own negatives to add, mined or shown, beside those in the batch.",
)
@click.option(
    "--cached",
    is_flag=True,
    help="Gradient caching: large batches in the memory of --pass-tokens, for a third more time.",
)
@click.option(
    "--pass-tokens",
    type=click.IntRange(min=1),
    default=4096,
    show_default=True,
    help="Most tokens, padding included, of one forward pass.",
)
@click.option(
    "--dev", metavar="TASK", help="A test collection to measure on while training, as `biocpt eval` reads it."
)
@click.option("--dev-split", default="", metavar="NAME", help="The part of it, such as dev; never test.")
@click.option(
    "--dev-qrels",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Its judgements, where it brings none or others are wanted.",
)
@click.option(
    "--dev-articles",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Its articles, in a file that `biocpt index` reads. [default: those that it brings]",
)
@click.option(
    "--dev-others",
    type=click.IntRange(min=0),
    default=20_000,
    show_default=True,
    help="How many articles that nobody judged stay among those to find: fewer are measured sooner, and found easier.",
)
@training_options(batch_size=32, schedule="cosine")
@home_option
@json_option
def command(data: Path, out: Path, as_json: bool, **options: Any) -> None:
    """Train two encoders, or one, so that queries and the articles chosen for them come to lie together.

    A run that was stopped goes on when it is called again with the same options. For several processes:
    `torchrun --nproc-per-node 4 --no-python biocpt train retriever …`; a batch is then that of all of them.
    Then `biocpt models export OUT`, and `--model OUT` wherever a model set is named.
    """
    require_torch()
    from onnx_models.training import outcome, ranks
    from onnx_models.training.dataset import open_dataset
    from onnx_models.training.retriever import Retriever

    settings, start, dataset = settings_from(options), _start(options), open_dataset(data)
    state = out / "training" / "retriever"
    with ranks.joined() as (rank, _):
        objective = Retriever(dataset, start, contrast=_contrast(options, start), settings=settings)
        watch(objective, settings, state, *_measure(objective, options))
        if rank > 0:
            return
        objective.save(out)
    done = outcome.read(state)
    if done is not None:
        _write_card(out, dataset, start, done, options)
    tell(out, done, as_json=as_json)


def _start(options: dict[str, Any]) -> "Start":
    from dataclasses import replace

    from onnx_models.training import starting

    both = {name: options[name] for name in ("pooling", "similarity")}
    found = starting.find(options["home"], options["start"])
    if options["article_from"] is not None:
        if options["tied"]:
            raise click.UsageError("--tied is one encoder for both sides: it cannot start --article-from another.")
        found = replace(found, article_checkpoint=options["article_from"], tied=False)
    return starting.changed(
        found,
        query={**both, "max_tokens": options["query_tokens"]},
        article={**both, "max_tokens": options["article_tokens"], "layout": options["layout"]},
        tied=options["tied"],
    )


def _contrast(options: dict[str, Any], start: "Start") -> "ContrastiveSettings":
    from onnx_models.training.retriever import ContrastiveSettings

    cosine = start.query.similarity == "cosine"
    scale = options["scale"] if options["scale"] is not None else 20.0 if cosine else 1.0
    names = ("alpha", "negatives", "cached", "pass_tokens")
    return ContrastiveSettings(**{name: options[name] for name in names}, scale=scale, mask=not options["official"])


def _measure(objective: "Retriever", options: dict[str, Any]) -> tuple[Callable[[], float] | None, str]:
    """nDCG@10 of the dense ranking of the dev task, with the encoders as they are when it is called; and its name."""
    if options["dev"] is None:
        return None, ""
    from search.evaluation.task import SentencePairs
    from search.evaluation.tasks import open_task
    from search.training import measuring

    task = open_task(options["dev"], split=options["dev_split"], qrels=options["dev_qrels"])
    if isinstance(task, SentencePairs):
        raise click.UsageError("--dev asks for articles; pairs of sentences have none.")
    corpus = options["dev_articles"] or task.corpus
    if corpus is None:
        raise click.UsageError(f"{options['dev']} brings no articles: name their file by --dev-articles.")
    rehearsed = measuring.rehearsal(task, measuring.articles_of(corpus), others=options["dev_others"])
    return measuring.measure_with(rehearsed, objective.query, objective.article), rehearsed.fingerprint


def _write_card(out: Path, dataset: "Dataset", start: "Start", done: "Outcome", options: dict[str, Any]) -> None:
    from onnx_models.training.model_card import Result
    from search.training.measuring import MEASURE

    results = []
    if options["dev"] is not None and done.best is not None:
        split = f" ({options['dev_split']})" if options["dev_split"] else ""
        task = f"{Path(options['dev']).name}{split}"
        results.append(Result(task=task, measure=MEASURE, before=done.before, after=done.best))
    write_card(
        out,
        done,
        options,
        read=(dataset, "pairs"),
        results=results,
        part="retriever",
        objective="Queries and the articles chosen for them, each against the others of its batch, both ways "
        "(Jin et al., Bioinformatics 2023).",
        started_from=tuple(dict.fromkeys((start.query.checkpoint, start.article.checkpoint))),
    )
