"""Lines into files of a limited size, each of which appears only when it is whole; or into one stream."""

import gzip
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from indexer.durability import sync
from indexer.engines.opensearch.files.errors import FilesBusy, UnwritableFiles

if sys.platform != "win32":
    import fcntl

NAME = re.compile(r"part-(\d{5,})\.ndjson(\.gz)?")

_UNFINISHED = "."
"""Begins the name of a part that is not whole."""


class Lines(Protocol):
    """Takes lines in order."""

    def add(self, lines: bytes) -> None:
        """One or several lines that belong together, each with its line feed."""

    def finish(self) -> None:
        """Have all that was added outlive a crash, as far as that can be had."""

    def close(self) -> None:
        """Drop what was added since `finish`."""


class Parts:
    """`part-00001.ndjson`, `part-00002.ndjson`, … in a folder, after those that are there."""

    def __init__(self, folder: Path, *, most: int, is_packed: bool) -> None:
        """Into a folder that exists, which takes the parts of one process at a time.

        Args:
            folder: of the parts.
            most: bytes of a part before it is packed; lines that belong together and are more make one by themselves.
            is_packed: by gzip.

        Raises: FilesBusy, where another process is writing there.
        """
        self._folder, self._most, self._is_packed = folder, most, is_packed
        self._lock = _locked(folder)
        for left in folder.glob(f"{_UNFINISHED}part-*"):
            left.unlink()
        found = (NAME.fullmatch(path.name) for path in folder.iterdir())
        self._number = max((int(name[1]) for name in found if name), default=0)
        self._file: gzip.GzipFile | BinaryIO | None = None
        self._bytes = 0

    def add(self, lines: bytes) -> None:
        """Into the part that is open, or a new one where it would grow too large."""
        if self._bytes and self._bytes + len(lines) > self._most:
            self.finish()
        with _told(self._folder):
            if self._file is None:
                self._file = self._opened()
            self._file.write(lines)
        self._bytes += len(lines)

    def finish(self) -> None:
        """End the part that is open; it is on the disk, under its name, when this returns."""
        if self._file is None:
            return
        with _told(self._folder):
            self._file.close()
            sync(self._path(_UNFINISHED))
            self._path(_UNFINISHED).replace(self._path())
            sync(self._folder)
        self._file, self._bytes = None, 0

    def close(self) -> None:
        """Remove the part that is open."""
        if self._file is not None:
            with suppress(OSError):  # of a full disk, which the load has told of
                self._file.close()
            self._path(_UNFINISHED).unlink(missing_ok=True)
            self._file, self._bytes = None, 0
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _opened(self) -> gzip.GzipFile | BinaryIO:
        self._number += 1
        path = self._path(_UNFINISHED)
        return gzip.GzipFile(path, "wb", mtime=0) if self._is_packed else path.open("wb")

    def _path(self, beginning: str = "") -> Path:
        return self._folder / f"{beginning}part-{self._number:05d}.ndjson{'.gz' if self._is_packed else ''}"


class Stream:
    """A pipe, or a file that somebody else opened; what is written there cannot be taken back."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def add(self, lines: bytes) -> None:
        """At once."""
        self._stream.write(lines)

    def finish(self) -> None:
        """Hand over what is in the buffer."""
        self._stream.flush()

    def close(self) -> None:
        """Nothing: whoever opened it closes it."""


def _locked(folder: Path) -> int | None:
    """A handle that keeps others out until it is closed, or the process is killed; None where no folder can be locked.

    Raises: FilesBusy.
    """
    if sys.platform == "win32":
        return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise FilesBusy(folder=folder) from error
    except OSError:  # of file systems in the network
        os.close(handle)
        return None
    return handle


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnwritableFiles(to=folder, reason=error.strerror or error) from error
