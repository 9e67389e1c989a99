"""Read the files of an evaluation whole: UTF-8 text, plain or gzip, as one piece, as numbered lines or as JSON."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from search.errors import SearchError

_GZIP = b"\x1f\x8b"


def text(path: Path, what: str, refuse: type[SearchError]) -> str:
    """The text without a byte order mark; `what` names the file in messages, such as `run`.

    Raises:
        SearchError: of the kind `refuse`: the file cannot be read or is not UTF-8.
    """
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if data.startswith(_GZIP) else data).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        raise refuse(f"Cannot read {what} file {str(path)!r}: {error}.") from error
    except UnicodeDecodeError as error:
        raise refuse(
            f"{what.capitalize()} file {str(path)!r} is not UTF-8 (byte {error.start}). Convert it first."
        ) from error


def lines(path: Path, what: str, refuse: type[SearchError]) -> Iterator[tuple[int, str]]:
    """Each line that says something, with its number from 1 and without its end; raises as `text` does."""
    for number, line in enumerate(text(path, what, refuse).split("\n"), start=1):
        if line.strip():
            yield number, line.rstrip("\r")


def is_id(text: str) -> bool:
    """Whether TREC's files, whose columns are split at spaces, can hold it as an id."""
    return bool(text) and not any(sign.isspace() for sign in text)


def json(path: Path, what: str, refuse: type[SearchError]) -> Any:
    """The one JSON value of the file; raises as `text` does, and where it is not JSON."""
    try:
        return orjson.loads(text(path, what, refuse))
    except orjson.JSONDecodeError as error:
        raise refuse(f"{what.capitalize()} file {str(path)!r} is not JSON: {error}.") from error


def head(path: Path, size: int = 1 << 16) -> str:
    """The first characters, to guess a format by; "" for what is no file, cannot be read, or is not UTF-8 text."""
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
        with gzip.open(path) if packed else path.open("rb") as file:
            return file.read(size).decode("utf-8-sig", "ignore")
    except (OSError, EOFError, zlib.error):
        return ""
