"""`biocpt eval corpus`: the articles of a collection that `biocpt index` cannot read as it lies."""

from pathlib import Path

import click


@click.command(name="corpus", short_help="Write the articles of TASK for `biocpt index`.")
@click.argument("task")
@click.option(
    "--format",
    type=click.Choice(["auto", "pubmedqa", "irds"]),
    default="auto",
    show_default=True,
    help="The format that the task is in.",
)
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file of JSON lines to write."
)
def command(task: str, format: str, out: Path) -> None:
    """Write the articles of TASK as JSON lines, for `biocpt index` to read.

    Only for PubMedQA and collections of ir_datasets; a BEIR folder's corpus.jsonl is indexed as it is.
    """
    from search.evaluation.tasks import write_corpus

    if not out.parent.is_dir():
        raise click.UsageError(f"--out: there is no folder {str(out.parent)!r}; make it first.")
    count = write_corpus(task, out, format=format)
    click.echo(f"Wrote {out}: {count:,} articles. Index them with `biocpt index {out} --index INDEX`.", err=True)
