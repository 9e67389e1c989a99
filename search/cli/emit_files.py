"""`biocpt index FILES --emit ndjson`: documents with vectors into files, for others to load into a cluster."""

import functools
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from search.cli.options import default_state, with_options

if TYPE_CHECKING:
    from indexer.engines.location import Location
    from indexer.engines.writing import WriteOptions
    from search.cli.load_run import Run
    from search.emit.loading import FileOptions, OpenedFiles
    from search.indexing import LoadOptions

F = TypeVar("F", bound=Callable[..., Any])

STDOUT = "-"
_PREFIX = "files_"
_MB = 1_000_000


def files_options(function: F) -> F:
    """`--emit` and what belongs to it; the command gets `emitted`, their values by name, or None without `--emit`."""

    @functools.wraps(function)
    def told(*arguments: Any, emit: str | None, **values: Any) -> Any:
        names = [name for name in values if name.startswith(_PREFIX)]
        files = {name.removeprefix(_PREFIX): values.pop(name) for name in names}
        if emit and not files["to"]:
            raise click.UsageError("--emit writes files: say where with --to FOLDER, or --to - for stdout.")
        if not emit and any(files[name] for name in files):
            raise click.UsageError("--to, --shape, --part-size and --gzip belong to --emit ndjson: give that too.")
        return function(*arguments, emitted=files if emit else None, **values)

    options = [
        click.option(
            "--emit",
            type=click.Choice(["ndjson"]),
            help="Write files of documents, to be loaded by _bulk or by other tools; no index is opened. --index then "
            "only says by its URL what the index will be called, and without it that is pubmed.",
        ),
        _option("--to", metavar="FOLDER|-", help="With --emit: where to; - is stdout."),
        _option(
            "--shape",
            type=click.Choice(["bulk", "documents"]),
            help="With --emit: each document after its action, for _bulk; or alone, for Logstash and Data Prepper. "
            "[default: bulk]",
        ),
        _option(
            "--part-size",
            type=click.IntRange(1, 10_000),
            metavar="MB",
            help="With --emit: begin a new file before one has more megabytes, unpacked. [default: 10]",
        ),
        _option("--gzip", is_flag=True, help="With --emit: pack the files by gzip."),
    ]
    return cast(F, with_options(told, options))  # click reads the parameters off the wrapper


def _option(flag: str, **more: Any) -> Any:
    return click.option(flag, f"{_PREFIX}{flag.removeprefix('--').replace('-', '_')}", **more)


@dataclass(frozen=True, slots=True)
class How:
    """What is loaded, and how the command goes about it."""

    files: tuple[Path, ...]
    force: bool
    rejects: Path | None
    as_json: bool


def emit(how: How, files: dict[str, Any], load: "LoadOptions", *, index: "Location | None") -> "Run":
    """Write the files, and say what there is now."""
    from indexer.inputs import source_files
    from indexer.rejects import Rejects
    from search.cli.load_run import Run
    from search.emit.loading import open_files

    _refuse_cluster_work(load.writing)
    found = source_files(how.files)
    is_stream = files["to"] == STDOUT
    usual = default_state() / "rejects" / "stdout.jsonl" if is_stream else Path(files["to"], "rejects.jsonl")
    run = Run(Rejects(how.rejects or usual), time.perf_counter())
    to = sys.stdout.buffer if is_stream else Path(files["to"])
    with open_files(to, _file_options(files, index), load) as opened:
        run.through(found, opened.writer, opened.encoder, force=how.force)
    _say(run, opened, files["to"], as_json=how.as_json)
    return run


def _file_options(files: dict[str, Any], index: "Location | None") -> "FileOptions":
    from search.emit.loading import FileOptions

    if files["gzip"] and files["to"] == STDOUT:
        raise click.UsageError("--gzip is for files: pipe stdout into gzip instead.")
    return FileOptions(
        shape=files["shape"] or "bulk",
        most=(files["part_size"] or 10) * _MB,
        is_packed=files["gzip"],
        alias=_alias(index),
    )


def _alias(index: "Location | None") -> str:
    """What the index will be called; a folder that the environment or a file names is not meant for this."""
    from indexer.engines import kind_of
    from indexer.engines.opensearch.connecting.address import parse

    if index is not None and kind_of(index) == "opensearch":
        return parse(index.name).alias
    asked = click.get_current_context().get_parameter_source("index")
    if index is not None and asked is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("--emit writes files for a cluster: --index names the URL of the index to be.")
    return "pubmed"


def _refuse_cluster_work(writing: "WriteOptions") -> None:
    from indexer.engines.writing import Share

    for flag, is_given in {
        "--rebuild": writing.rebuild,
        "--other-files": writing.other_files,
        "--drop-old": writing.drop_old,
        "--shard": writing.share != Share(),
    }.items():
        if is_given:
            raise click.UsageError(f"{flag} is for a cluster that is written to; --emit writes files.")


def _say(run: "Run", opened: "OpenedFiles", to: str, *, as_json: bool) -> None:
    """Where stdout takes the documents, the rest goes to stderr."""
    from search.cli import loaded

    if to == STDOUT:
        if run.progress is not None:
            click.echo(loaded.files_line(run.progress, run.report().seconds), err=True)
            click.echo(loaded.counts_line(run.progress.counts), err=True)
        return
    loaded.show(run.report(), as_json=as_json)
    if not as_json:
        count = len(list(Path(to).glob("part-*")))
        new = opened.index
        click.echo(f"{to}: {count:,} files for the index {new.name!r}, which searches call {new.alias!r}.")
