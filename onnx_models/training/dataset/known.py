"""Which texts are stored already, and in which row: kept on disk, so that memory does not grow with them."""

import hashlib
import sqlite3
from pathlib import Path


class KnownRows:
    """Text → row, for as long as a dataset is written; the file is of no use afterwards."""

    def __init__(self, file: Path) -> None:
        self._rows = sqlite3.connect(file, isolation_level=None)
        for setting in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-65536"):
            self._rows.execute(f"PRAGMA {setting}")
        self._rows.execute("CREATE TABLE known (text BLOB PRIMARY KEY, row INTEGER) WITHOUT ROWID")
        self._rows.execute("BEGIN")

    def row(self, *texts: str) -> int | None:
        """The row of these texts; None where they are new."""
        found = self._rows.execute("SELECT row FROM known WHERE text = ?", (_key(texts),)).fetchone()
        return None if found is None else int(found[0])

    def add(self, row: int, *texts: str) -> None:
        """Remember the row of new texts."""
        self._rows.execute("INSERT INTO known VALUES (?, ?)", (_key(texts), row))

    def close(self) -> None:
        """Let go of the file."""
        self._rows.close()


def _key(texts: tuple[str, ...]) -> bytes:
    whole = hashlib.blake2b(digest_size=16)
    for text in texts:
        part = text.encode("utf-8", "replace")
        whole.update(len(part).to_bytes(8, "little") + part)
    return whole.digest()
