"""`biocpt train prepare`: logs, official files, judgements and an index's own structure, as one dataset."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from search.cli.access import IndexCommand
from search.cli.options import json_option, optional_index_option, print_json
from search.cli.train.excluding_options import excluding_options, exclusions_of

if TYPE_CHECKING:
    from indexer.engines.location import Location
    from indexer.engines.protocol import Reader
    from onnx_models.training.dataset import Dataset, DatasetWriter
    from search.evaluation.task import AnyTask
    from search.training.excluding import Exclusions
    from search.training.observations import Source
    from search.training.preparing import Recipe
    from search.training.tally import Tally
    from search.training.texts import Lookup

REJECTED = 3
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DATE = re.compile(r"(\d{4}(-\d{2}(-\d{2})?)?)?")
_SOURCES = ("logs", "pairs", "lists", "tasks", "own")


def _date(_: click.Context, __: click.Parameter, value: str) -> str:
    """A day, month or year as ISO writes it; "" for none."""
    if not _DATE.fullmatch(value):
        raise click.BadParameter(f"{value!r} is not such as 2021-03-14, 2021-03 or 2021.")
    return value


@click.command(name="prepare", cls=IndexCommand, short_help="Make a dataset of logs, judgements or an index.")
@click.option(
    "--for", "purpose", type=click.Choice(["retriever", "reranker"]), required=True, help="Who is to learn from it."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to make.")
@click.option(
    "--logs", type=_FILE, multiple=True, help="Searches: TSV, CSV or JSON lines of query, PMID, clicks, date, shown."
)
@click.option(
    "--pairs",
    type=(_FILE, _FILE),
    multiple=True,
    metavar="PAIRS QID2INFO",
    help="MedCPT's own format for the retriever: pairs with clicks, and the words of the queries.",
)
@click.option(
    "--lists",
    type=(_FILE, _FILE),
    multiple=True,
    metavar="LISTS QID2INFO",
    help="MedCPT's own format for the re-ranker: positives and negatives, and the words of the queries.",
)
@click.option("--task", "tasks", multiple=True, metavar="TASK", help="Judgements, as `biocpt eval` reads them.")
@click.option("--split", default="", metavar="NAME", help="The part of each --task, such as train. [default: the only]")
@click.option(
    "--own",
    type=click.Choice(["titles", "conclusions"]),
    multiple=True,
    help="Cut queries out of the index's articles: titles, to find their abstracts; conclusions, to find the rest.",
)
@optional_index_option
@click.option(
    "--texts", type=_FILE, multiple=True, help="Texts by id: pmid2info, or anything that `biocpt index` reads."
)
@click.option(
    "--since",
    default="",
    callback=_date,
    metavar="DATE",
    help="Leave out what was logged before, such as 2020-01-01.",
)
@click.option(
    "--until", default="", callback=_date, metavar="DATE", help="Leave out what was logged after, such as 2022."
)
@click.option("--journals", type=_FILE, multiple=True, help="Names of journals, one a line, that are look-ups in logs.")
@excluding_options
@click.option("--seed", type=click.IntRange(0), default=2023, show_default=True, help="What shards are dealt by.")
@json_option
def command(out: Path, index: "Location | None", as_json: bool, **options: Any) -> int:
    """Make a dataset to train on, out of one source or several.

    Searches of logs that look up one known thing (an author, a journal, a title, an id) are left out; for the
    re-ranker also single words, and queries that each clicked article contains. Texts come from --texts and --index.
    Judgements that are marked as test are refused. The folder's notes list ids without text, and lines that could
    not be read.

    Exit code 3: it is made, but some lines could not be read.
    """
    _require_sources(options, has_index=index is not None)
    dataset, tally = _made(out, index, options)
    if as_json:
        print_json({"folder": str(out), **_figures(dataset), **tally.as_json()})
    else:
        _show(dataset, tally)
    return REJECTED if tally.rejected else 0


def _require_sources(options: Mapping[str, Any], *, has_index: bool) -> None:
    if not any(options[name] for name in _SOURCES):
        raise click.UsageError("Name what to learn from: --logs, --pairs, --lists, --task or --own.")
    if options["own"] and not has_index:
        raise click.UsageError("--own cuts queries out of the articles of an index: name it with --index.")
    if not (has_index or options["texts"] or options["tasks"]):
        raise click.UsageError("Name where the texts of articles are: --index, or files with --texts.")


def _made(out: Path, index: "Location | None", options: Mapping[str, Any]) -> "tuple[Dataset, Tally]":
    from indexer.engines import open_reader
    from onnx_models.training.dataset import DatasetWriter
    from search.cli.bar import bar
    from search.training.preparing import prepare
    from search.training.tally import Tally

    with ExitStack() as opened:
        writer = opened.enter_context(
            DatasetWriter(out, "pairs" if options["purpose"] == "retriever" else "lists", seed=options["seed"])
        )
        reader = None if index is None else open_reader(index)
        if reader is not None:
            opened.callback(reader.close)
        recipe = _recipe(writer, reader, options, opened)
        tally = Tally([source.name for source in recipe.sources], writer.notes, writer.workspace)
        opened.callback(tally.close)
        show = opened.enter_context(bar(2))
        for done in prepare(recipe, writer, tally, writer.workspace):
            step = 0 if done.step == "reading" else 1
            show(step, f"{done.step}: {done.read:,} read, {done.written:,} examples")
        tally.close()
        return writer.finish(tally.as_json()), tally


def _recipe(writer: "DatasetWriter", index: "Reader | None", options: Mapping[str, Any], opened: ExitStack) -> "Recipe":
    from search.training.likeness import words
    from search.training.lines import numbered
    from search.training.preparing import Recipe

    names = (line for path in options["journals"] for _, line in numbered(path) if line)
    exclusions = exclusions_of(options)
    return Recipe(
        sources=list(_sources(options, index, exclusions)),
        kind="pairs" if options["purpose"] == "retriever" else "lists",
        lookup=_lookup(writer, index, options, opened),
        exclusions=exclusions,
        journals=frozenset(" ".join(words(name)) for name in names),
    )


def _sources(options: Mapping[str, Any], index: "Reader | None", exclusions: "Exclusions") -> "Iterator[Source]":
    from search.training.judgements import judgements
    from search.training.logs import Logs
    from search.training.official import OfficialLists, OfficialPairs
    from search.training.own_structure import OwnStructure

    yield from (Logs(path=path, since=options["since"], until=options["until"]) for path in options["logs"])
    yield from (OfficialPairs(path=path, queries=queries) for path, queries in options["pairs"])
    yield from (OfficialLists(path=path, queries=queries) for path, queries in options["lists"])
    yield from (judgements(_task(place, options)) for place in options["tasks"])
    if index is not None:
        yield from (OwnStructure(index=index, cut=cut, exclusions=exclusions) for cut in options["own"])


def _task(place: str, options: Mapping[str, Any]) -> "AnyTask":
    from search.evaluation.tasks import open_task

    task = open_task(place, split=options["split"])
    if not getattr(task, "split", "test"):
        click.echo(
            f"Nobody says which part of its collection {task.name!r} is: never train on what you report at the end.",
            err=True,
        )
    return task


def _lookup(writer: "DatasetWriter", index: "Reader | None", options: Mapping[str, Any], opened: ExitStack) -> "Lookup":
    """Files and the index that are named; a task's own articles where none is."""
    from search.training.tables import Table
    from search.training.texts import Lookup, stored

    files = list(options["texts"])
    if index is None and not files:
        files = [file for place in options["tasks"] for file in _articles_of(place, writer.workspace, options)]
    if not files:
        return Lookup(index=index)
    table = Table(writer.workspace / "texts.sqlite")
    opened.callback(table.close)
    return Lookup(table=stored(files, table), index=index)


def _articles_of(place: str, workspace: Path, options: Mapping[str, Any]) -> list[Path]:
    from search.evaluation.tasks import brings_articles, write_corpus

    if brings_articles(place):
        file = workspace / f"articles-{len(list(workspace.iterdir()))}.jsonl"
        write_corpus(place, file)
        return [file]
    corpus: Path | None = getattr(_task(place, options), "corpus", None)
    if corpus is None:
        raise click.UsageError(f"Task {place!r} brings no articles: name their --index, or files with --texts.")
    return [corpus]


def _figures(dataset: "Dataset") -> dict[str, Any]:
    counts = {"pairs": dataset.count("pairs"), "queries": dataset.count("lists"), "passages": dataset.passages}
    return {"kind": dataset.kind, **counts, "fingerprint": dataset.fingerprint}


def _show(dataset: "Dataset", tally: "Tally") -> None:
    figures = _figures(dataset)
    click.echo(
        f"Made {str(dataset.folder)!r}: {figures['pairs']:,} pairs of {figures['queries']:,} queries and "
        f"{figures['passages']:,} passages; {tally.queries_without_negatives:,} queries have no negatives."
    )
    for source in tally.sources:
        kept = source.positives + source.negatives
        click.echo(f"{source.name}: {source.read:,} read, {kept:,} kept ({source.negatives:,} as negatives)")
        for reason, count in source.removed.most_common():
            click.echo(f"  {count:>12,} {reason}")
    for name, count in (("missing.tsv", tally.missing), ("rejected.tsv", tally.rejected)):
        if count:
            click.echo(f"{count:,} are listed in {str(dataset.folder / 'notes' / name)!r}.")
