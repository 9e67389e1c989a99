"""A load that goes on in a terminal: how far it is, and whether Ctrl-C came."""

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from indexer.engines.protocol import Publication, Writer
from indexer.ingest import Options, ingest
from indexer.progress import Progress
from indexer.rejects import Rejects
from onnx_models import Encoder
from search.cli.bar import bar
from search.cli.loaded import Report


@dataclass(slots=True)
class Run:
    """A load that goes on: how far it is, and whether Ctrl-C came; known also when an error ends it."""

    rejects: Rejects
    started: float
    progress: Progress | None = None
    publication: Publication | None = None
    is_stopped: bool = False

    def through(self, files: Sequence[Path], writer: Writer, encoder: Encoder | None, *, force: bool) -> None:
        """Load the files, drawing a bar."""
        steps = ingest(files, writer, encoder, rejects=self.rejects, options=Options(force=force))
        try:
            with closing(steps), bar(len(files)) as show:
                for self.progress in steps:
                    show(len(self.progress.reports), self._line(self.progress))
        except KeyboardInterrupt:
            self.is_stopped = True

    @property
    def is_whole(self) -> bool:
        """Whether every file was read to its end; a share may have none."""
        return not self.is_stopped and (self.progress is None or not self.progress.named("broken"))

    def report(self) -> Report:
        """What came of it."""
        seconds = time.perf_counter() - self.started
        return Report(self.progress, seconds, self.rejects.path, self.is_stopped, self.publication)

    def _line(self, progress: Progress) -> str:
        rate = progress.counts.read / max(time.perf_counter() - self.started, 0.001)
        done = f"{len(progress.reports)}/{progress.files_total} files"
        return f"{done}, {progress.counts.read:,} records, {rate:,.0f}/s, {progress.file}"
