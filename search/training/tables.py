"""Things looked up by id that need not fit into memory: a table in a file."""

import sqlite3
from collections.abc import Collection, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from onnx_models.storage import storing

_AT_ONCE = 500


class Table:
    """Id → a value that JSON can hold; a later value of an id replaces the one before."""

    def __init__(self, file: Path) -> None:
        self._file, self._rows = file, sqlite3.connect(file, isolation_level=None)
        for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-65536"):
            self._rows.execute(f"PRAGMA {setting}")
        self._rows.execute("CREATE TABLE stored (id BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID")
        self._rows.execute("BEGIN")

    def fill(self, values: Iterable[tuple[str, Any]]) -> None:
        """Store all of these.

        Raises:
            StorageFailed: the disk is full.
        """
        rows = ((_key(id), orjson.dumps(value)) for id, value in values)
        while some := list(islice(rows, _AT_ONCE)):
            with storing(self._file):
                self._rows.executemany("INSERT OR REPLACE INTO stored VALUES (?, ?)", some)

    def find(self, ids: Collection[str]) -> dict[str, Any]:
        """What is stored for these ids; the others are absent."""
        found, wanted = {}, iter(dict.fromkeys(ids))
        while some := list(islice(wanted, _AT_ONCE)):
            names = {_key(id): id for id in some}
            asked = f"SELECT id, value FROM stored WHERE id IN ({','.join('?' * len(names))})"
            for key, value in self._rows.execute(asked, list(names)):
                found[names[key]] = orjson.loads(value)
        return found

    def close(self) -> None:
        """Let go of the file."""
        self._rows.close()


def _key(id: str) -> bytes:
    return id.encode("utf-8", "surrogatepass")
