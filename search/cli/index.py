"""`biocpt index`: source files into an index; can be stopped anywhere and run again."""

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from search.cli import emit_files
from search.cli.access import IndexCommand
from search.cli.options import (
    default_state,
    home_option,
    json_option,
    load_index_option,
    model_named,
    rejects_option,
    run_from,
    run_options,
)
from search.cli.writing import load_options

if TYPE_CHECKING:
    from indexer.engines.location import Location
    from indexer.engines.protocol import Publication, Writer
    from indexer.engines.writing import Share, VectorEncoding, WriteOptions
    from search.cli.load_run import Run
    from search.indexing import LoadOptions

BROKEN = NOT_SERVED = 1
REJECTED, STOPPED = 3, 130


@click.command(name="index", cls=IndexCommand)
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@load_index_option
@click.option(
    "--model",
    envvar="BIOCPT_MODEL",
    help="The model set of a new index, by name or folder; none: no vectors. [default: medcpt; an index keeps its own]",
)
@run_options
@home_option
@click.option("--force", is_flag=True, help="Read finished files again; unchanged texts are still not encoded.")
@rejects_option
@load_options
@emit_files.files_options
@json_option
def command(
    files: tuple[Path, ...],
    index: "Location | None",
    force: bool,
    rejects: Path | None,
    as_json: bool,
    emitted: dict[str, Any] | None,
    **options: Any,
) -> int:
    """Read FILES into an index: PubMed XML, MEDLINE text or JSON lines, plain or gzip, or folders of them.

    Finished files are passed over, so the same command goes on after a stop. An index in a cluster that is new, or
    rebuilt, is served when all is loaded and no file broke.
    Exit code 1: a file broke, or the index is not served in the end (with --shard that is fine: others are still at
    work); 3: all files are read, but some records were rejected; 130: stopped.
    """
    load, how = _load_options(options), emit_files.How(files, force, rejects, as_json)
    if emitted is not None:
        run = emit_files.emit(how, emitted, load, index=index)
    elif index is None:
        raise click.MissingParameter(param_hint="'--index'", param_type="option")
    else:
        run = _load(index, replace(load, writing=_telling_files(load.writing, files, index)), how)
    return _status(run, is_one_of_many=load.writing.share.of > 1)


def _load(index: "Location", load: "LoadOptions", how: emit_files.How) -> "Run":
    """Read the files into the index, and say what came of it, also where an error ends it."""
    from contextlib import closing

    from indexer.errors import IndexerError
    from search.cli import loaded
    from search.cli.load_run import Run
    from search.indexing import open_load, rejects_of

    writer, encoder = open_load(index, load)
    run = Run(rejects_of(index, how.rejects, state=default_state()), time.perf_counter())
    try:
        with closing(writer):
            _warn(how.files, writer, index, load.writing)
            run.through(_files(how.files, writer, index, load.writing.share), writer, encoder, force=how.force)
            if run.is_whole:
                run.publication = writer.publish()
            elif not run.is_stopped:
                run.publication = _unserved(index, run, load.writing)
    except IndexerError:
        if run.progress is not None:
            loaded.show(replace(run.report(), is_cut_short=True), as_json=how.as_json)
        raise
    loaded.show(run.report(), as_json=how.as_json)
    return run


def _status(run: "Run", *, is_one_of_many: bool) -> int:
    if run.is_stopped:
        return STOPPED
    if run.progress is not None and run.progress.named("broken"):
        return BROKEN
    if run.publication is not None and not run.publication.is_served and not is_one_of_many:
        return NOT_SERVED
    return REJECTED if run.progress is not None and run.progress.counts.rejected else 0


def _telling_files(writing: "WriteOptions", paths: tuple[Path, ...], index: "Location") -> "WriteOptions":
    """With the names of all files, for loaders of a cluster to compare; looked for before an index is made for nothing.

    Raises: NoSuchSource, SameName.
    """
    from indexer.engines import kind_of
    from indexer.inputs import source_files
    from indexer.shares import names_of

    files = source_files(paths)
    return writing if kind_of(index) == "folder" else replace(writing, files=names_of(files, writing.share))


def _unserved(index: "Location", run: "Run", writing: "WriteOptions") -> "Publication | None":
    """That a new version is not served because of files that broke; None where they were for the one that is."""
    from contextlib import closing

    from indexer.engines import open_reader
    from indexer.engines.protocol import Publication

    with closing(open_reader(index)) as reader:
        versions = reader.info().versions
    if not versions or versions[-1].state != "being loaded":
        return None
    if not writing.rebuild and any(version.state == "served" for version in versions):
        return None
    broken = len(run.progress.named("broken")) if run.progress else 0
    files, them = ("1 file", "it") if broken == 1 else (f"{broken:,} files", "them")
    advice = f"Mend {them} or leave {them} out, and run again."
    if writing.share.of > 1:  # each share has to be given the same files
        advice = f"Mend {them} and run again; to leave {them} out, do so without --shard, with --rebuild --other-files."
    return Publication(False, f"{versions[-1].name!r} is not served: {files} broke. {advice}")


def _files(paths: tuple[Path, ...], writer: "Writer", index: "Location", share: "Share") -> list[Path]:
    """A folder has one loader, which takes all; of a cluster's, each takes its share."""
    from indexer.engines import kind_of
    from indexer.inputs import source_files
    from indexer.shares import take_share

    return source_files(paths) if kind_of(index) == "folder" else take_share(paths, writer.ledger, share)


def _warn(paths: tuple[Path, ...], writer: "Writer", index: "Location", writing: "WriteOptions") -> None:
    """Say that a new index will not fit its cluster, before hours are spent on it."""
    from indexer.engines import kind_of
    from indexer.inputs import source_files

    if kind_of(index) == "folder" or writer.ledger.entries():
        return
    from indexer.engines.opensearch.planning.capacity import warning

    dimension = writer.space.dimension if writer.space else 0
    encoding = writing.vectors or _encoding(index)
    said = warning(index, source_files(paths), dimension=dimension, encoding=encoding, replicas=writing.replicas)
    if said:
        click.echo(f"Warning: {said}", err=True)


def _encoding(index: "Location") -> "VectorEncoding":
    """What keeps the vectors of the newest version, which a rebuild has from the served one."""
    from contextlib import closing

    from indexer.engines import open_reader
    from indexer.errors import UnreadableFormat

    try:
        with closing(open_reader(index)) as reader:
            newest = reader.info().versions[-1].vectors
    except UnreadableFormat:  # of the served one, for which a rebuild is the remedy
        newest = ""
    return cast("VectorEncoding", newest or "lucene")  # a name of one is all that is stored there


def _load_options(options: dict[str, Any]) -> "LoadOptions":
    """A model that comes from the environment or a file is for new indexes; a flag is for this one."""
    from search.indexing import DEFAULT_MODEL, LoadOptions

    return LoadOptions(
        home=options["home"],
        model=model_named(options),
        default_model=options["model"] or DEFAULT_MODEL,
        run=run_from(options),
        writing=options["writing"],
    )
