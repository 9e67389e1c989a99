"""Bring together what has the same key, from a stream that does not fit into memory: dealt out to files by a hash."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson

_FIRST, _FURTHER = 64, 16
"""Files that rows are dealt out to at first, and that a file is dealt out to which grew too large. All are open at
once, where macOS allows a process 256."""

IN_MEMORY = 16 << 20
"""Bytes of a file that is read whole."""

_DEEPEST = 3
"""Times that a file is dealt out again: a quarter of a million files. What is still too large is one key, as a rule."""


class Partitions:
    """Rows on disk, until all are there; a block that ends closes its files."""

    def __init__(self, folder: Path, *, in_memory: int = IN_MEMORY) -> None:
        """`folder` is made, and gone when all groups were read."""
        folder.mkdir()
        self._folder, self._in_memory = folder, in_memory
        with ExitStack() as files:
            self._files = [files.enter_context((folder / f"{number:03}").open("wb")) for number in range(_FIRST)]
            self._closing = files.pop_all()

    def __enter__(self) -> "Partitions":
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def add(self, key: str, value: Any) -> None:
        """One row more, of what JSON can hold."""
        self._files[_place(key, 0)].write(_line(key, value))

    def groups(self) -> Iterator[list[Any]]:
        """All values of each key together, in their order; equal rows give equal groups in an equal order.

        Memory is that of `in_memory` bytes of rows as JSON, or of the largest group.
        """
        self._closing.close()
        yield from _groups(self._folder, 0, self._in_memory)


def _line(key: str, value: Any) -> bytes:
    return orjson.dumps((key, value)) + b"\n"


def _deal(rows: Iterable[tuple[str, Any]], folder: Path, level: int) -> None:
    folder.mkdir()
    with ExitStack() as files:
        opened = [files.enter_context((folder / f"{number:03}").open("wb")) for number in range(_FURTHER)]
        for key, value in rows:
            opened[_place(key, level)].write(_line(key, value))


def _groups(folder: Path, level: int, in_memory: int) -> Iterator[list[Any]]:
    for file in sorted(folder.iterdir()):
        if file.stat().st_size > in_memory and level < _DEEPEST:
            inner = file.with_name(f"{file.name}.parts")
            _deal(_rows(file), inner, level + 1)
            file.unlink()
            yield from _groups(inner, level + 1, in_memory)
            continue
        groups: dict[str, list[Any]] = {}
        for key, value in _rows(file):
            groups.setdefault(key, []).append(value)
        file.unlink()
        yield from groups.values()
    folder.rmdir()


def _rows(file: Path) -> Iterator[tuple[str, Any]]:
    with file.open("rb") as lines:
        for line in lines:
            key, value = orjson.loads(line)
            yield key, value


def _place(key: str, level: int) -> int:
    code = int.from_bytes(hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=16).digest(), "little")
    return code // (_FIRST * _FURTHER ** (level - 1)) % _FURTHER if level else code % _FIRST
