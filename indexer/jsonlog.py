"""Append-only files of JSON lines that outlive a crash: a line counts once its newline is on the disk."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from indexer.durability import sync
from indexer.errors import DamagedLog, UnusableLog


def read(path: Path) -> list[dict[str, Any]]:
    """Every whole line, oldest first; none for a missing file. A torn last line, left by a crash, is not read.

    Raises:
        DamagedLog: a line before the last is not a JSON object, which no crash of ours can cause.
        UnusableLog: the file cannot be read.
    """
    try:
        whole = path.read_bytes().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UnusableLog(path=path, reason=error.strerror) from error
    return [_parse(path, number, line) for number, line in enumerate(whole, start=1)]


def _parse(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise DamagedLog(path=path, line=number) from error
    if not isinstance(row, dict):
        raise DamagedLog(path=path, line=number)
    return row


def append(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Add rows in one write and wait until they are on the disk; a torn last line is cut off first.

    Raises:
        UnusableLog: the disk is full, or the file cannot be written; a part that was written is not read later.
    """
    data = b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
    if not data:
        return
    try:
        _append(path, data)
    except OSError as error:
        raise UnusableLog(path=path, reason=error.strerror) from error


def _append(path: Path, data: bytes) -> None:
    is_new = not path.exists()
    with path.open("ab+") as file:
        file.truncate(_whole_length(file))
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        sync(path.parent)


def _whole_length(file: BinaryIO, block: int = 65_536) -> int:
    """The bytes up to and including the last newline."""
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        start = max(0, end - block)
        file.seek(start)
        newline = file.read(end - start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0
