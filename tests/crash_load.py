"""A load into an index in a process of its own, for tests that disturb it: python -m tests.crash_load INDEX FILE….

Prints `loading` once everything is imported and open, so that the killing starts there, and as its last line what came
of publishing. What ends it is one line on stderr and exit code 1, as in the command line.
"""

import argparse
import functools
import os
import re
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from indexer.engines import open_writer
from indexer.engines.location import Access, Location
from indexer.engines.writing import DEFAULT, Share, WriteOptions
from indexer.errors import IndexerError
from indexer.ingest import Options, ingest
from indexer.inputs import source_files
from indexer.ledger import FileEntry, FileLedger
from indexer.rejects import Rejects
from indexer.shares import names_of, take_share
from onnx_models.encoder import Text
from tests.doubles import HashEncoder, Vector

CHUNK, SLICE, COMMIT = 32, 8, 40
"""Records: small, so that a load of some hundred has many moments to be disturbed in."""


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


def send_bodies_of(size: int) -> None:
    """Have bulk requests hold so many bytes at most, so that few articles keep all connections busy."""
    from indexer.engines.opensearch import writer
    from indexer.engines.opensearch.storing.sending import Limits

    smaller = functools.partial(Limits, body_bytes=size, least_bytes=size)
    writer.Limits = smaller  # type: ignore[attr-defined, assignment]  # the injected smallness


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("location", help="A folder or a URL.")
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--pause", type=float, default=0.0, help="Seconds for each slice that is encoded.")
    parser.add_argument("--step-pause", type=float, default=0.0, help="Seconds after each step of progress.")
    parser.add_argument("--commit", type=int, default=COMMIT, help="Records between commits.")
    parser.add_argument("--die-before-tick", action="store_true")
    parser.add_argument("--timeout", type=float, default=Access().timeout, help="Seconds for each request.")
    parser.add_argument("--connections", type=int, default=DEFAULT.connections)
    parser.add_argument("--replicas", type=int)
    parser.add_argument("--rebuild", action="store_true")
    parser.add_argument("--drop-old", action="store_true")
    parser.add_argument("--shard", type=share, default=DEFAULT.share, help="K/N, in a cluster.")
    parser.add_argument("--die-after-swap", action="store_true")
    parser.add_argument("--body-bytes", type=int)
    parser.add_argument("--die-before", help="Of the first request whose method and path this pattern is found in.")
    parser.add_argument("--die-after", help="The same, once it is answered.")
    return parser.parse_args()


def share(text: str) -> Share:
    number, of = map(int, text.split("/"))
    return Share(number, of)


def die_after_swap() -> None:
    """Have the process killed once the alias names the new version, before anything else is done."""
    from indexer.engines.opensearch.loading import aliasing, publishing

    move = aliasing.move

    def move_and_die(*arguments: Any, **options: Any) -> bool:
        move(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)
        return False

    publishing.move = move_and_die  # type: ignore[attr-defined]  # the injected failure


def die_at(pattern: str, *, answered: bool) -> None:
    """Have the process killed at the first request to a cluster that the pattern is found in."""
    from indexer.engines.opensearch.connecting.connection import Cluster

    request = Cluster.request

    def dying(cluster: Cluster, method: str, path: str, *arguments: Any, **options: Any) -> Any:
        is_it = re.search(pattern, f"{method} {path}") is not None
        answer = request(cluster, method, path, *arguments, **options) if answered or not is_it else None
        if is_it:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    Cluster.request = dying  # type: ignore[method-assign, assignment]  # the injected failure


def load(given: argparse.Namespace) -> None:
    encoder = SlowEncoder(given.pause)
    in_cluster = "://" in given.location
    rejects = Rejects(None if in_cluster else Path(given.location) / "rejects.jsonl")
    where = Location(given.location, Access(timeout=given.timeout))
    wishes = WriteOptions(
        connections=given.connections,
        replicas=given.replicas,
        rebuild=given.rebuild,
        drop_old=given.drop_old,
        share=given.shard,
        files=names_of(source_files(given.files)) if in_cluster else (),
    )
    options = Options(chunk=CHUNK, slice=SLICE, commit_records=given.commit)
    with closing(open_writer(where, space=encoder.space, options=wishes)) as writer:
        print("loading", flush=True)
        files = take_share(given.files, writer.ledger, given.shard) if in_cluster else given.files
        for progress in ingest(files, writer, encoder, rejects=rejects, options=options):
            time.sleep(given.step_pause)
            assert not progress.counts.rejected, "the cluster refused a record that nothing is wrong with"
        print(writer.publish())


def main() -> None:
    given = arguments()
    if given.die_before_tick:
        FileLedger.tick = die  # type: ignore[method-assign, assignment]  # the injected failure
    if given.die_after_swap:
        die_after_swap()
    for pattern, answered in ((given.die_before, False), (given.die_after, True)):
        if pattern:
            die_at(pattern, answered=answered)
    if given.body_bytes:
        send_bodies_of(given.body_bytes)
    try:
        load(given)
    except IndexerError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
