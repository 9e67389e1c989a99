"""`biocpt train mine`: negatives for a prepared dataset, out of what our own search finds."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from search.cli.access import IndexCommand
from search.cli.options import (
    home_option,
    index_option,
    json_option,
    model_named,
    model_option,
    print_json,
    run_from,
    run_options,
)
from search.cli.train.excluding_options import excluding_options, exclusions_of

if TYPE_CHECKING:
    from indexer.engines.location import Location
    from onnx_models import Reranker
    from search.searcher import Searcher
    from search.training.negatives import MiningOptions


@click.command(name="mine", cls=IndexCommand, short_help="Add negatives that a search finds.")
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The prepared dataset, of either kind, whose queries get negatives.",
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="The folder of the new dataset; it must not exist."
)
@click.option(
    "--as",
    "kind",
    type=click.Choice(["lists", "pairs"]),
    default="lists",
    show_default=True,
    help="What the new dataset is for: lists for a re-ranker, pairs with negatives for a retriever.",
)
@index_option
@click.option(
    "--mode",
    type=click.Choice(["hybrid", "lexical", "dense"]),
    default="hybrid",
    show_default=True,
    help="How to search. dense: as MedCPT's authors did.",
)
@click.option(
    "--from-rank", type=click.IntRange(1), default=50, show_default=True, help="Draw negatives from this rank on."
)
@click.option("--to-rank", type=click.IntRange(1), default=200, show_default=True, help="And down to this one.")
@click.option("--store", type=click.IntRange(1), default=32, show_default=True, help="Negatives to keep of each query.")
@excluding_options
@click.option("--drop-given", is_flag=True, help="Leave out the negatives that DATA has. [default: mined ones follow]")
@click.option(
    "--denoise",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="SHARE",
    help="Drop negatives to which a re-ranker gives more than this share of what it gives the positives, such as "
    "0.95; a cross-encoder's score counts after a sigmoid. [default: drop none]",
)
@click.option(
    "--teach",
    type=click.Choice(["rerank", "search", "mix"]),
    help="Store a teacher's scores: the re-ranker's, the search's, or half of each. [default: none]",
)
@click.option(
    "--reranker", metavar="NAME", help="The model set whose re-ranker denoises and teaches. [default: that of --model]"
)
@click.option(
    "--rerank",
    type=click.Choice(["auto", "cross", "late"]),
    default="auto",
    show_default=True,
    help="Which re-ranker of that set: a cross-encoder, or late interaction.",
)
@click.option("--seed", type=click.IntRange(0), default=2023, show_default=True, help="What negatives are drawn by.")
@model_option
@run_options
@home_option
@json_option
def command(data: Path, out: Path, kind: Any, index: "Location", as_json: bool, **options: Any) -> None:
    """Search for each query of a dataset, and give it negatives from a window of ranks.

    Positives are no negatives, nor are articles with nearly a positive's text, nor what is kept out. In an index of
    some thousand articles rank 50 is far off: there take --from-rank 1 with --denoise. A run that was stopped goes on
    when it is called again as before.
    """
    from onnx_models.training.dataset import open_dataset
    from search.cli.bar import bar
    from search.training.mining import Mining

    asked = _mining_options(options)
    dataset, keep_out = open_dataset(data), exclusions_of(options)
    with _searcher(index, options) as searcher:
        judge = _judge(searcher, options) if asked.needs_reranker else None
        with bar(dataset.count("lists")) as show:
            for progress in Mining(dataset, searcher, judge, asked, keep_out).run(out, kind):
                show(progress.done, f"{progress.done:,} of {progress.queries:,} queries")
    mined = open_dataset(out)
    if as_json:
        print_json({"folder": str(out), "kind": kind, "examples": mined.examples, "counts": mined.counts["mining"]})
        return
    click.echo(f"Wrote {out}: {mined.examples:,} {kind}.")
    for name, count in mined.counts["mining"].items():
        click.echo(f"  {name}: {count:,}")


def _mining_options(options: dict[str, Any]) -> "MiningOptions":
    from search.training.negatives import MiningOptions

    names = ("mode", "from_rank", "to_rank", "store", "seed", "denoise", "teach", "drop_given")
    return MiningOptions(**{name: options[name] for name in names})


def _searcher(index: "Location", options: dict[str, Any]) -> "Searcher":
    from search.opening import SearcherOptions, open_searcher

    asked = SearcherOptions(
        home=options["home"],
        model=model_named(options),
        mode=options["mode"],
        rerank="none",
        run=run_from(options),
    )
    return open_searcher(index, asked)


def _judge(searcher: "Searcher", options: dict[str, Any]) -> "Reranker | None":
    """The re-ranker of the set that was named, or else of the one that is searched with."""
    from onnx_models import find_set, load_reranker

    space = searcher.info.space
    name = options["reranker"] or model_named(options) or (space.model if space else None)
    if name is None:
        raise click.UsageError("--denoise and --teach need a re-ranker, and this index names no model set: --reranker.")
    return load_reranker(find_set(options["home"], name), options["rerank"], run_from(options))
