"""The lines of large text files, plain or gzip, one after the other with their numbers."""

import codecs
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import orjson

from search.training.errors import BadTrainingData

_GZIP = b"\x1f\x8b"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def opened(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked where it is gzip.

    Raises:
        BadTrainingData: it cannot be opened, or not twice, or is UTF-16.
    """
    try:
        with path.open("rb") as file:
            if not file.seekable():
                raise BadTrainingData(path=path, problem="it is a pipe, and is read more than once: save it to a file")
            mark = file.read(2)
        if mark in _UTF_16:
            raise BadTrainingData(path=path, problem="it is UTF-16: save it as UTF-8")
        return cast("IO[bytes]", gzip.open(path)) if mark == _GZIP else path.open("rb")
    except OSError as error:
        raise BadTrainingData(path=path, problem=error.strerror or str(error)) from error


def head(path: Path, size: int = 1 << 16) -> str:
    """The first characters, to tell a format by."""
    with reading(path) as file:
        return file.read(size).decode("utf-8-sig", "ignore")


def numbered(path: Path) -> Iterator[tuple[int, str | None]]:
    """Each line with its number from 1, without its end; None in place of one that is not UTF-8.

    Raises:
        BadTrainingData: the file cannot be read to its end, after all lines before that.
    """
    with reading(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                yield number, None
            else:
                yield number, text.rstrip("\r\n")


class Malformed(ValueError):
    """A line or an entry that is not in the format of its file, and why."""


def json_object(line: str) -> dict[str, Any]:
    """The JSON object of a line.

    Raises:
        Malformed: it is none.
    """
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"it is not JSON ({error})") from error
    if not isinstance(found, dict):
        raise Malformed("it is no JSON object")
    return found


class reading:  # noqa: N801 - a context manager, named for what it does
    """The file's bytes; what the disk or gzip says against reading on becomes a `BadTrainingData`."""

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, opened(path)

    def __enter__(self) -> IO[bytes]:
        return self._file

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        self._file.close()
        if isinstance(error, OSError | EOFError | zlib.error):
            raise BadTrainingData(path=self._path, problem=str(error)) from error
