"""Records that could not be indexed: a file of JSON lines that says where each stands and what is wrong with it."""

from datetime import UTC, datetime
from pathlib import Path

from indexer import jsonlog
from indexer.errors import UnusableLog
from indexer.sources import Rejected


class Rejects:
    """Appends rejected records to a file; a whole source file's worth is on the disk after `sync`."""

    def __init__(self, path: Path | None) -> None:
        """None as path: they are counted and logged by the caller, and kept nowhere."""
        self._path = path
        self._waiting: list[dict[str, object]] = []

    @property
    def path(self) -> Path | None:
        """Where they are kept."""
        return self._path

    def add(self, file: str, rejected: Rejected, *, waiting: int = 10_000) -> None:
        """Note one; written at `sync`, or when `waiting` have gathered."""
        when = datetime.now(UTC).isoformat(timespec="seconds")
        row = {"file": file, "position": rejected.position, "id": rejected.id, "reason": rejected.reason}
        self._waiting.append({**row, "when": when})
        if len(self._waiting) >= waiting:
            self.sync()

    def sync(self) -> None:
        """Wait until all that were added are on the disk."""
        waiting, self._waiting = self._waiting, []
        if self._path is None or not waiting:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UnusableLog(path=self._path, reason=error.strerror) from error
        jsonlog.append(self._path, waiting)
