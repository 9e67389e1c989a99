"""Texts and passages to token batches: sorted by length, cut by a token budget, with the asked order kept."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tokenizers import Encoding, Tokenizer

from onnx_models.encoder import Text
from onnx_models.errors import BadTokenizer
from onnx_models.runtime import TokenBatch
from onnx_models.specs import ModelSpec

WINDOW = 1024
"""Texts tokenised and sorted together: enough for batches without padding, little enough for any stream."""

_CHARACTERS_PER_TOKEN = 20
"""A text is cut here before it is tokenised. English has about 5; a text with more is tokenised whole."""


class Tokens(NamedTuple):
    """One input of a model: token ids, and 0 or 1 for the segment of each."""

    ids: list[int]
    segments: list[int]


class Reading(NamedTuple):
    """Texts as a model reads them, in the order given."""

    tokens: list[Tokens]
    cut: list[bool]
    """Whether each has more tokens than the model reads, so that its end does not count."""


class TextTokenizer:
    """Reads texts the way one model was trained to. Safe to share between threads."""

    def __init__(self, file: Path, spec: ModelSpec, *, max_positions: int) -> None:
        self.spec = spec
        self.max_tokens = min(spec.max_tokens, max_positions)
        self._tokenizer = _open(file)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(self.max_tokens, strategy="longest_first")

    @property
    def pair_segments(self) -> int:
        """How many segments a model must tell apart to read a pair."""
        return 1 + max(self._encode_all([("a", "b")])[0].type_ids, default=0)

    def windows(self, texts: Sequence[Text]) -> Iterator[list[Tokens]]:
        """The tokens of each text in the order given, `WINDOW` texts at a time."""
        for start in range(0, len(texts), WINDOW):
            yield self._encode([self._input(text) for text in texts[start : start + WINDOW]])

    def truncated(self, texts: Sequence[Text]) -> list[bool]:
        """Whether each text has more tokens than the model reads, in the order given."""
        inputs = [self._input(text) for text in texts]
        starts = range(0, len(inputs), WINDOW)
        encodings = (encoding for start in starts for encoding in self._encodings(inputs[start : start + WINDOW]))
        return [bool(encoding.overflowing) for encoding in encodings]

    def read(self, texts: Sequence[Text]) -> Reading:
        """All texts at once: for a caller that bounds how many there are."""
        return _reading(self._encodings([self._input(text) for text in texts]))

    def read_pairs(self, query: str, passages: Sequence[tuple[str, str]]) -> Reading:
        """All (query, passage) pairs at once, for a model that reads both."""
        query = self.spec.prefix + query
        return _reading(self._encodings([(query, self._join(*passage)) for passage in passages]))

    def pair_windows(self, query: str, passages: Sequence[tuple[str, str]]) -> Iterator[list[Tokens]]:
        """The tokens of (query, passage) pairs in the order given, for a model that reads both at once."""
        query = self.spec.prefix + query
        for start in range(0, len(passages), WINDOW):
            yield self._encode([(query, self._join(*p)) for p in passages[start : start + WINDOW]])

    def _input(self, text: Text) -> Text:
        if isinstance(text, str):
            return self.spec.prefix + text
        title, abstract = text
        if self.spec.layout == "pair":
            return (self.spec.prefix + title, abstract)
        return self.spec.prefix + self._join(title, abstract)

    def _join(self, title: str, abstract: str) -> str:
        return self.spec.separator.join(part for part in (title, abstract) if part)

    def _encode(self, inputs: list[Text]) -> list[Tokens]:
        return [Tokens(encoding.ids, encoding.type_ids) for encoding in self._encodings(inputs)]

    def _encodings(self, inputs: list[Text]) -> list[Encoding]:
        return self._encode_all([self._shortened(text) for text in inputs])

    def _shortened(self, text: Text) -> Text:
        if isinstance(text, tuple):
            return (self._enough_of(text[0]), self._enough_of(text[1]))
        return self._enough_of(text)

    def _enough_of(self, text: str) -> str:
        """The start of a long text, if it alone has more tokens than the model reads: no token of the rest can count.

        Which part of a pair is cut depends on the lengths of both, up to what the model reads; beyond it, only which
        of two such parts gets the odd token.
        """
        limit = self.max_tokens * _CHARACTERS_PER_TOKEN
        if len(text) <= limit:
            return text
        start = _start(text, limit)
        return start if self._encode_all([start])[0].overflowing else text

    def _encode_all(self, inputs: list[Text]) -> list[Encoding]:
        encodings: list[Encoding]
        try:
            encodings = self._tokenizer.encode_batch_fast(inputs)
        except TypeError:  # a lone surrogate, which JSON may carry and UTF-8 cannot
            encodings = self._tokenizer.encode_batch_fast([_without_surrogates(text) for text in inputs])
        return encodings


def cut_batches(window: Sequence[Tokens], budget: int) -> Iterator[TokenBatch]:
    """Cut a window into batches of similar lengths, the longest first.

    A batch holds at most `budget` tokens, padding included, and at least one text. `rows` counts within the window.
    """
    order = sorted(range(len(window)), key=lambda row: len(window[row].ids), reverse=True)
    start = 0
    while start < len(order):
        longest = max(1, len(window[order[start]].ids))
        rows = order[start : start + max(1, budget // longest)]
        start += len(rows)
        yield padded([window[row] for row in rows], rows)


def padded(texts: Sequence[Tokens], rows: Sequence[int]) -> TokenBatch:
    """One batch of at least one text, as long as the longest; `rows` says where each belongs."""
    length = max(1, max(len(text.ids) for text in texts))
    ids, mask, segments = (np.zeros((len(texts), length), dtype=np.int64) for _ in range(3))
    for row, text in enumerate(texts):
        count = len(text.ids)
        ids[row, :count] = text.ids
        mask[row, :count] = 1
        segments[row, :count] = text.segments
    return TokenBatch(ids, mask, segments, np.array(rows, dtype=np.intp))


def _reading(encodings: list[Encoding]) -> Reading:
    tokens = [Tokens(encoding.ids, encoding.type_ids) for encoding in encodings]
    return Reading(tokens, [bool(encoding.overflowing) for encoding in encodings])


def _open(file: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(file))
    except Exception as error:  # tokenizers raises nothing narrower
        raise BadTokenizer(file=file, problem=str(error)) from error


def _start(text: str, limit: int) -> str:
    """Up to a space where there is one, so that no word is cut and the tokens kept are the tokens of the whole."""
    space = text.rfind(" ", 1, limit)
    return text[: space if space > 0 else limit]


def _without_surrogates(text: Text) -> Text:
    if isinstance(text, tuple):
        return (_replaced(text[0]), _replaced(text[1]))
    return _replaced(text)


def _replaced(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
