"""log.jsonl: a line a step. A run that goes on drops the lines of steps that it takes again."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from onnx_models.storage import storing


class StepLog:
    """Appends while it is open; what is added is on its way to the disk when `add` returns."""

    def __init__(self, path: Path, *, after: int, writes: bool = True) -> None:
        """`after`: the last step that counts; `writes`: whether this process is the one that keeps the log."""
        self._path, self._after, self._writes = path, after, writes
        self._file: TextIO | None = None

    def __enter__(self) -> "StepLog":
        if self._writes:
            with storing(self._path.parent):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._drop_later_lines()
                self._file = self._path.open("a", encoding="utf-8", buffering=1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()

    def add(self, line: Mapping[str, Any]) -> None:
        """Write one step.

        Raises:
            StorageFailed: the disk is full.
        """
        if self._file is not None:
            with storing(self._path.parent):
                print(json.dumps(line), file=self._file)

    def _drop_later_lines(self) -> None:
        """Copy what counts and put the copy into place; a line that a kill cut short does not count."""
        if not self._path.exists():
            return
        partial = self._path.with_name(f".{self._path.name}.partial")
        with self._path.open(encoding="utf-8") as lines, partial.open("w", encoding="utf-8") as kept:
            kept.writelines(line.rstrip("\n") + "\n" for line in lines if _step(line) <= self._after)
        partial.replace(self._path)


def _step(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
