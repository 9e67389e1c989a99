"""What `biocpt index` says when it ends: files that broke, rejects, and one line that adds up."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from indexer.engines.protocol import Publication
from indexer.progress import Counts, Progress
from search.cli.options import print_json


@dataclass(frozen=True, slots=True)
class Report:
    """A load that ended: its last progress (None: stopped before any), and how."""

    progress: Progress | None
    seconds: float
    rejects: Path | None
    is_stopped: bool
    publication: Publication | None = None
    """What came of having everyone served from the index; None: that was not tried."""
    is_cut_short: bool = False
    """An error ended it: what was written since the last commit may not be stored."""

    @property
    def doubtful(self) -> int:
        """How many of the records that are counted as written may not be stored."""
        return self.progress.uncommitted if self.progress and self.is_cut_short else 0


def show(report: Report, *, as_json: bool) -> None:
    """Troubles on stderr; the result on stdout."""
    progress = report.progress
    for broken in progress.named("broken") if progress else []:
        click.echo(f"Broken: {broken.reason}", err=True)
    if progress and progress.counts.rejected:
        click.echo(f"Rejected records are listed in {report.rejects}.", err=True)
    if report.is_stopped:
        click.echo("Stopped; what was whole is stored. Run the same command again to go on.", err=True)
    if report.doubtful:
        click.echo(
            f"Of the records counted as written, {report.doubtful:,} came after the last commit and may not be stored; "
            "the same command stores them when run again.",
            err=True,
        )
    if report.publication and report.publication.note:
        click.echo(report.publication.note, err=True)
    if as_json:
        print_json(as_object(report))
    elif progress:
        click.echo(files_line(progress, report.seconds))
        click.echo(counts_line(progress.counts))


def show_copy(counts: Counts, rejects: Path | None, publication: Publication, *, as_json: bool) -> None:
    """The same for `biocpt copy`."""
    if counts.rejected:
        click.echo(f"Rejected records are listed in {rejects}.", err=True)
    if publication.note:
        click.echo(publication.note, err=True)
    if as_json:
        print_json({"read": counts.read, **counts_object(counts), "served": publication.is_served})
    else:
        click.echo(counts_line(counts))


def files_line(progress: Progress, seconds: float) -> str:
    """How many files ended how, and the work that was done."""
    named = {
        "read": len(progress.named("done")),
        "already done": len(progress.named("skipped")),
        "broken": len(progress.named("broken")),
    }
    files = ", ".join(f"{number} {name}" for name, number in named.items() if number) or "none read to its end"
    counts = progress.counts
    empty = f", {counts.without_text:,} stored without text" if counts.without_text else ""
    return f"Files: {files}. Articles encoded: {counts.encoded:,}{empty}. {seconds:.1f} s."


def counts_line(counts: Counts) -> str:
    """`9 read = 5 added + 1 replaced + …`."""
    parts = ("added", "replaced", "unchanged", "superseded", "deletions", "rejected")
    return f"{counts.read:,} read = " + " + ".join(f"{getattr(counts, part):,} {part}" for part in parts)


def as_object(report: Report) -> dict[str, Any]:
    """The same as JSON."""
    progress = report.progress or Progress(file="", files_total=0, reports=(), counts=Counts())
    return {
        "read": progress.counts.read,
        **counts_object(progress.counts),
        "seconds": round(report.seconds, 3),
        "stopped": report.is_stopped,
        "uncommitted": report.doubtful,
        "served": report.publication is not None and report.publication.is_served,
        "rejects": str(report.rejects) if progress.counts.rejected and report.rejects else None,
        "files": [
            {
                "name": file.name,
                "status": file.status,
                "read": file.counts.read,
                **counts_object(file.counts),
                "reason": file.reason,
            }
            for file in progress.reports
        ],
    }


def counts_object(counts: Counts) -> dict[str, int]:
    """Every count by its name."""
    from dataclasses import asdict

    return asdict(counts)
