"""`biocpt index`: source files into an index; can be stopped anywhere and run again."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from search.cli.options import home_option, index_option, json_option, run_options

if TYPE_CHECKING:
    from indexer.engines.protocol import Writer
    from indexer.progress import Progress
    from onnx_models import Encoder

BROKEN, REJECTED, STOPPED = 1, 3, 130


@click.command(name="index")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@index_option
@click.option(
    "--model",
    envvar="BIOCPT_MODEL",
    help="The model set of a new index, by name or folder; none: no vectors. [default: medcpt; an index keeps its own]",
)
@run_options
@home_option
@click.option("--force", is_flag=True, help="Read finished files again; unchanged texts are still not encoded.")
@json_option
def command(files: tuple[Path, ...], index: str, force: bool, as_json: bool, **options: Any) -> int:
    """Read FILES into an index: PubMed XML, MEDLINE text or JSON lines, plain or gzip, or folders of them.

    Finished files are passed over, so the same command goes on after a stop.
    Exit code 1: a file broke; 3: all files are read, but some records were rejected; 130: stopped.
    """
    from contextlib import closing

    from search.cli import loaded
    from search.indexing import open_load, rejects_of

    is_asked = click.get_current_context().get_parameter_source("model") is ParameterSource.COMMANDLINE
    writer, encoder = open_load(index, _load_options(options, is_asked=is_asked))
    started = time.perf_counter()
    with closing(writer):
        summary, is_stopped = _run(files, writer, encoder, index=index, force=force)
    report = loaded.Report(summary, time.perf_counter() - started, rejects_of(index).path, is_stopped)
    loaded.show(report, as_json=as_json)
    if is_stopped:
        return STOPPED
    if summary is not None and summary.named("broken"):
        return BROKEN
    return REJECTED if summary is not None and summary.counts.rejected else 0


def _load_options(options: dict[str, Any], *, is_asked: bool) -> Any:
    """A model that comes from the environment or a file is for new indexes; a flag is for this one."""
    from onnx_models import RunOptions
    from search.indexing import DEFAULT_MODEL, LoadOptions

    names = ("precision", "backend", "provider", "threads")
    model = options["model"]
    return LoadOptions(
        home=options["home"],
        model=model if is_asked else None,
        default_model=model or DEFAULT_MODEL,
        run=RunOptions(**{name: options[name] for name in names}),
    )


def _run(
    files: tuple[Path, ...], writer: "Writer", encoder: "Encoder | None", *, index: str, force: bool
) -> tuple["Progress | None", bool]:
    """The last progress, None before any, and whether Ctrl-C came."""
    from contextlib import closing

    from indexer.ingest import Options, ingest
    from indexer.inputs import source_files
    from search.cli.bar import bar
    from search.indexing import rejects_of

    progress, started = None, time.perf_counter()
    steps = ingest(files, writer, encoder, rejects=rejects_of(index), options=Options(force=force))
    try:
        with closing(steps), bar(len(source_files(files))) as show:
            for progress in steps:
                rate = progress.counts.read / max(time.perf_counter() - started, 0.001)
                done = f"{len(progress.reports)}/{progress.files_total} files"
                show(len(progress.reports), f"{done}, {progress.counts.read:,} records, {rate:,.0f}/s, {progress.file}")
    except KeyboardInterrupt:
        return progress, True
    return progress, False
