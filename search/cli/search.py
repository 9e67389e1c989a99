"""`biocpt search`: one question to results on the screen, or a file of topics to a TREC run."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from search.cli.access import IndexCommand
from search.cli.emit_search import FORMS
from search.cli.options import (
    home_option,
    index_option,
    json_option,
    model_named,
    model_option,
    print_json,
    run_from,
    run_options,
    with_options,
)

F = TypeVar("F", bound=Callable[..., Any])


def ranking_options(function: F) -> F:
    """How lists are asked, fused and re-ranked."""
    options = [
        click.option(
            "--mode",
            type=click.Choice(["hybrid", "lexical", "dense"]),
            default="hybrid",
            show_default=True,
            help="Which lists to ask: BM25, vectors, or both.",
        ),
        click.option(
            "--fusion",
            type=click.Choice(["interpolate", "rrf"]),
            default="interpolate",
            show_default=True,
            help="How both lists become one: by the mean of scaled scores, or by ranks.",
        ),
        click.option(
            "--rrf-k",
            type=click.IntRange(1, 1_000_000),
            default=60,
            show_default=True,
            help="rrf: the constant added to ranks.",
        ),
        click.option(
            "--dense-weight",
            type=click.FloatRange(0, 1),
            default=0.5,
            show_default=True,
            help="The dense list's weight against BM25.",
        ),
        click.option(
            "--depth",
            type=click.IntRange(1, 10_000),
            default=100,
            show_default=True,
            help="Candidates of each list, to 10000.",
        ),
        click.option(
            "--rerank",
            envvar="BIOCPT_RERANK",
            type=click.Choice(["auto", "none", "cross", "late"]),
            default="auto",
            show_default=True,
            help="auto: the cross-encoder where the model set has one, else late interaction, else none.",
        ),
        click.option(
            "--rerank-depth",
            type=click.IntRange(1, 10_000),
            default=50,
            show_default=True,
            help="How many are re-ranked.",
        ),
        click.option(
            "--rerank-mix",
            type=click.FloatRange(0, 1),
            help="Weight of re-rank against fused scores, 0 to 1. [default: the set's; 1 for cross, 0.6 for late]",
        ),
    ]
    return with_options(function, options)


def filter_options(function: F) -> F:
    """Which articles may answer; applied inside both lists."""
    many = partial(click.option, multiple=True, metavar="NAME")
    options = [
        click.option("--year", metavar="RANGE", help="Years: 2015-2020, 2015-, -2020 or 2015."),
        many("--journal", help="Title or abbreviation; repeat for alternatives."),
        many("--type", "types", help="Publication type, such as Review; repeat for alternatives."),
        many("--mesh", help="MeSH descriptor; repeat for alternatives."),
        many("--language", help="NLM's code, such as eng; repeat for alternatives."),
        click.option(
            "--filter",
            "named",
            multiple=True,
            metavar="NAME=VALUE",
            help="Any filter that the index has, such as those of an attached one; repeat a NAME for alternatives.",
        ),
        click.option("--has-abstract", is_flag=True, help="Only articles with an abstract."),
        click.option("--no-retracted", is_flag=True, help="Leave retracted articles out."),
        click.option(
            "--ids",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="Only the articles whose ids this file lists, one a line.",
        ),
    ]
    return with_options(function, options)


@click.command(name="search", cls=IndexCommand)
@click.argument("query", required=False)
@index_option
@ranking_options
@filter_options
@click.option(
    "--sort",
    type=click.Choice(["relevance", "date"]),
    default="relevance",
    show_default=True,
    help="date: all candidates, the newest first.",
)
@click.option(
    "--limit", type=click.IntRange(1, 10_000), help="Results to print. [default: 10; with --topics, the depth]"
)
@click.option(
    "--offset", type=click.IntRange(0, 10_000), default=0, show_default=True, help="Results to skip: below the depth."
)
@model_option
@run_options
@home_option
@click.option(
    "--topics",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of questions: id<TAB>query lines, or BEIR's queries.jsonl.",
)
@click.option(
    "--run",
    "run_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the TREC run here. [default: stdout]",
)
@click.option("--tag", default="biocpt", show_default=True, help="The name of the run.")
@click.option("--explain", is_flag=True, help="Show how each result got its place.")
@click.option(
    "--emit",
    type=click.Choice(FORMS),
    help="Print the requests for QUERY instead of asking: as a script of curl, as JSON, as a search template, or those "
    "for Elasticsearch.",
)
@json_option
def command(query: str | None, topics: Path | None, run_file: Path | None, **options: Any) -> None:
    """Search an index with QUERY, or with every question of --topics."""
    if (query is None) == (topics is None):
        raise click.UsageError("Give either a QUERY or --topics FILE.")
    if run_file and topics is None:
        raise click.UsageError("--run writes the answers to --topics FILE; give one.")
    if run_file and not run_file.parent.is_dir():
        raise click.UsageError(f"--run: there is no folder {str(run_file.parent)!r}; make it first.")
    if topics is not None:
        _batch(topics, run_file, options)
    else:
        _single(query or "", options)


def _single(query: str, options: dict[str, Any]) -> None:
    from indexer.analysis import sound
    from search.cli import emit_search, results

    request = request_from(options, sound(query), default_limit=10)
    if options["emit"]:
        emit_search.emit(request, options["emit"], options)
        return
    with opened(options, one_shot=True) as searcher:
        response = searcher.search(request)
    if options["as_json"]:
        print_json(results.as_json(response))
    else:
        results.show(response, explain=options["explain"])


def _batch(topics: Path, run_file: Path | None, options: dict[str, Any]) -> None:
    from search.cli import batch
    from search.evaluation import topics as topic_files

    if options["as_json"] or options["explain"] or options["emit"]:
        single = "--json, --explain and --emit are for a single QUERY"
        raise click.UsageError(f"{single}; --topics prints or writes a TREC run.")
    if options["sort"] == "date":
        raise click.UsageError("--sort date is for a single QUERY; a TREC run is in the order of relevance.")
    asked = topic_files.read(topics)
    requests = [request_from(options, topic.query, default_limit=options["depth"]) for topic in asked]
    with opened(options) as searcher:
        batch.write_run(asked, searcher.rank_all(requests), run_file, options["tag"])


def request_from(options: dict[str, Any], query: str, *, default_limit: int) -> Any:
    """The request that the command's options describe."""
    from search.request import SearchRequest

    names = ("mode", "fusion", "rrf_k", "dense_weight", "depth", "rerank_depth", "rerank_mix", "sort", "offset")
    limit = default_limit if options["limit"] is None else options["limit"]
    return SearchRequest(
        query=query, limit=limit, filters=filters_from(options), **{name: options[name] for name in names}
    )


def filters_from(options: dict[str, Any]) -> Any:
    """The filters that the command's options describe."""
    from search.filters import Filters, parse_years

    ids = options["ids"]
    return Filters(
        years=(None, None) if options["year"] is None else parse_years(options["year"]),
        journals=options["journal"],
        types=options["types"],
        mesh=options["mesh"],
        languages=options["language"],
        ids=None if ids is None else read_ids(ids),
        has_abstract=options["has_abstract"],
        no_retracted=options["no_retracted"],
        also=named_filters(options["named"]),
    )


def named_filters(given: Sequence[str]) -> Any:
    """What `--filter NAME=VALUE` asks for: one of the values of each name; None for nothing."""
    from indexer.queries import And, Term

    wanted: dict[str, list[str]] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not (name and sign and value):
            raise click.UsageError(f"--filter: {text!r} is not NAME=VALUE, such as journal=Lancet.")
        wanted.setdefault(name, []).append(value)
    return And(tuple(Term(name, tuple(values)) for name, values in wanted.items())) if wanted else None


def read_ids(path: Path) -> tuple[str, ...]:
    """The ids of a file, one a line; blank lines do not count."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise click.UsageError(f"--ids: {str(path)!r} is not UTF-8 (byte {error.start}). Convert it first.") from error
    return tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))


def opened(options: dict[str, Any], *, one_shot: bool = False) -> Any:
    """A searcher as a context manager, with the models that the options ask for."""
    from contextlib import closing

    from search.opening import SearcherOptions, open_searcher

    asked = SearcherOptions(
        home=options["home"],
        model=model_named(options),
        mode=options["mode"],
        rerank=options["rerank"],
        run=run_from(options, one_shot=one_shot),
    )
    return closing(open_searcher(options["index"], asked))
