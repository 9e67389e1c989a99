"""A load into an embedded index in a process of its own, for tests that kill it: python -m tests.crash_load.

Prints `loading` once everything is imported and open, so that the killing starts there.
"""

import argparse
import os
import signal
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from indexer.engines import open_writer
from indexer.ingest import Options, ingest
from indexer.ledger import FileEntry, FileLedger
from indexer.rejects import Rejects
from onnx_models.encoder import Text
from tests.doubles import HashEncoder, Vector

OPTIONS = Options(chunk=32, slice=8, commit_records=40)


class SlowEncoder(HashEncoder):
    """Takes its time, so that a kill has something to hit."""

    def __init__(self, pause: float) -> None:
        super().__init__()
        self._pause = pause

    def encode(self, texts: Sequence[Text]) -> Vector:
        time.sleep(self._pause)
        return super().encode(texts)


def die(ledger: FileLedger, entry: FileEntry) -> None:
    """As `kill -9` would, from within."""
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("location")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--pause", type=float, default=0.0)
    parser.add_argument("--die-before-tick", action="store_true")
    arguments = parser.parse_args()
    if arguments.die_before_tick:
        FileLedger.tick = die  # type: ignore[method-assign, assignment]  # the injected failure
    encoder = SlowEncoder(arguments.pause)
    rejects = Rejects(Path(arguments.location) / "rejects.jsonl")
    with closing(open_writer(arguments.location, space=encoder.space)) as writer:
        print("loading", flush=True)
        for _ in ingest(arguments.files, writer, encoder, rejects=rejects, options=OPTIONS):
            pass


if __name__ == "__main__":
    main()
