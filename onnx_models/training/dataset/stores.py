"""Texts and numbers in files that are written front to back and read by row, without being loaded."""

from collections.abc import Iterable
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMBER = np.dtype("<i8")


def mapped(path: Path, kind: np.dtype[Any]) -> NDArray[Any]:
    """The file as numbers of this kind, of which only what is asked for is read."""
    if path.stat().st_size == 0:  # nothing cannot be mapped
        return np.empty(0, kind)
    return np.asarray(np.memmap(path, kind, mode="r"))  # slices of a memmap are slow to make


class RowsWriter:
    """Rows of numbers, some perhaps empty: `NAME.values`, and in `NAME.offsets` where each row ends."""

    def __init__(self, folder: Path, name: str, kind: np.dtype[Any]) -> None:
        self._kind, self._end, self.rows = kind, 0, 0
        with ExitStack() as files:
            self._values = files.enter_context((folder / f"{name}.values").open("wb"))
            self._offsets = files.enter_context((folder / f"{name}.offsets").open("wb"))
            self._files = files.pop_all()

    def add(self, values: Iterable[float]) -> None:
        """One row more."""
        row = np.fromiter(values, self._kind)
        self._values.write(row.tobytes())
        self._end += len(row)
        self._offsets.write(self._end.to_bytes(8, "little", signed=True))
        self.rows += 1

    def close(self) -> None:
        """All of it is in the files."""
        self._files.close()


class Rows:
    """What a `RowsWriter` wrote."""

    def __init__(self, folder: Path, name: str, kind: np.dtype[Any]) -> None:
        self._values, self._ends = mapped(folder / f"{name}.values", kind), mapped(folder / f"{name}.offsets", NUMBER)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, row: int) -> NDArray[Any]:
        """The numbers of this row."""
        start = int(self._ends[row - 1]) if row else 0
        return self._values[start : int(self._ends[row])]


class TextsWriter:
    """Rows of a fixed number of texts: `NAME.text`, and in `NAME.offsets` where each text ends."""

    def __init__(self, folder: Path, name: str) -> None:
        self._end, self.rows = 0, 0
        with ExitStack() as files:
            self._text = files.enter_context((folder / f"{name}.text").open("wb"))
            self._offsets = files.enter_context((folder / f"{name}.offsets").open("wb"))
            self._files = files.pop_all()

    def add(self, *texts: str) -> int:
        """One row more, whose number it returns. Half a surrogate pair, which is no text, becomes a question mark."""
        for text in texts:
            self._end += self._text.write(text.encode("utf-8", "replace"))
            self._offsets.write(self._end.to_bytes(8, "little", signed=True))
        self.rows += 1
        return self.rows - 1

    def close(self) -> None:
        """All of it is in the files."""
        self._files.close()


class Texts:
    """What a `TextsWriter` wrote, with as many texts a row as it was given."""

    def __init__(self, folder: Path, name: str, width: int) -> None:
        self._text = mapped(folder / f"{name}.text", np.dtype(np.uint8))
        self._ends, self._width = mapped(folder / f"{name}.offsets", NUMBER), width

    def __len__(self) -> int:
        return len(self._ends) // self._width

    def __getitem__(self, row: int) -> list[str]:
        """The texts of this row."""
        first = row * self._width
        ends = [int(end) for end in self._ends[max(0, first - 1) : first + self._width]]
        bounds = ends if first else [0, *ends]
        whole = self._text[bounds[0] : bounds[-1]].tobytes()
        return [whole[start - bounds[0] : end - bounds[0]].decode("utf-8") for start, end in pairwise(bounds)]

    def first(self, row: int) -> str:
        """The first text of this row, for texts that begin with an id."""
        first = row * self._width
        start = int(self._ends[first - 1]) if first else 0
        return self._text[start : int(self._ends[first])].tobytes().decode("utf-8")
