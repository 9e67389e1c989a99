"""Locks between test runs: a file that one process holds, given up with the process however it ends."""

import sys
from pathlib import Path
from typing import IO

from tests.opensearch.java import MissingTool


def take(path: Path, *, wait: bool) -> IO[str] | None:
    """Hold the lock of that name until the file returned is closed; None where another holds it and we do not wait.

    Raises:
        MissingTool: this system has no such locks.
    """
    if sys.platform == "win32":
        raise MissingTool("Nodes for the tests start on Linux and macOS alone. Run these tests on one of them.")
    import fcntl

    file = path.open("w", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        file.close()
        return None
    return file


def wait_for(path: Path) -> IO[str]:
    """Hold the lock of that name, after its other holders; see `take`."""
    file = take(path, wait=True)
    assert file is not None
    return file
