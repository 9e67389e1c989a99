"""A model set's two encoders for other libraries' vector stores: questions on one side, articles on the other."""

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from indexer.analysis import sound
from onnx_models import Encoder, InstalledModel, RunOptions, Text, default_home, find_set, load_encoder
from onnx_models.encoder import as_passage


class Encoders:
    """Both encoders of an installed set, each opened when it is first asked. Safe to share between threads.

    Vectors are compared by the set's similarity: MedCPT's by inner product, which a store has to be told.
    """

    def __init__(self, model: str, *, home: Path | str | None = None, run: RunOptions | None = None) -> None:
        """Find the set, by name or folder.

        Raises:
            ModelError: there is none of that name, or it cannot be used.
        """
        self.models = find_set(default_home() if home is None else Path(home), model)
        self._run = run or RunOptions()
        self._opening = Lock()
        self._opened: dict[str, Encoder] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Copies, and other processes, open their own: frameworks send embeddings to their workers."""
        return {"models": self.models, "_run": self._run}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """As if it were made anew."""
        self.__dict__.update(state, _opening=Lock(), _opened={})

    def questions(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector a question, in order."""
        return self._encode(self.models.query, texts, sound)

    def articles(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector a text, in order; its first line is the title, the rest the abstract."""
        return self._encode(self.models.article, texts, passage)

    def _encode(self, side: InstalledModel, texts: Sequence[str], read: Callable[[str], Text]) -> list[list[float]]:
        with self._opening:
            if side.spec.role not in self._opened:
                self._opened[side.spec.role] = load_encoder(side, self._run)
        vectors: list[list[float]] = self._opened[side.spec.role].encode([read(text) for text in texts]).tolist()
        return vectors


def passage(text: str) -> tuple[str, str]:
    """(title, abstract) of a text such as `retrieving.text` makes."""
    return as_passage(sound(text))
