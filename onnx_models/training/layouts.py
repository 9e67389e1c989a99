"""How a cross-encoder is given a query and a passage while it learns. Add a layout: a class, a row in LAYOUTS.

`packed` is what searching uses: `[CLS] query [SEP] passage [SEP]`. `fixed32` is what MedCPT was trained with: the
passage starts at position 32 whatever the query's length, with padding between the two.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from onnx_models.errors import UnsuitableModel
from onnx_models.export import tokenizer_file
from onnx_models.specs import ModelSpec
from onnx_models.tokenizer import TextTokenizer

LayoutName = Literal["packed", "fixed32"]

QUERY_TOKENS = 30
PASSAGE_START = 32
"""[CLS], `QUERY_TOKENS` of the query, [SEP]."""


class PairTokens(NamedTuple):
    """One input of a cross-encoder."""

    ids: list[int]
    segments: list[int]
    mask: list[int]
    """1 for a token, 0 for padding between the two texts; what follows the passage is left to `padded`."""

    @property
    def length(self) -> int:
        """With the padding between the texts."""
        return len(self.ids)


class PairBatch(NamedTuple):
    """Inputs side by side, int64 of shape (pairs, longest)."""

    ids: NDArray[np.int64]
    segments: NDArray[np.int64]
    mask: NDArray[np.int64]


class Layout(Protocol):
    """Turns a query and passages into inputs."""

    def read(self, query: str, passages: Sequence[tuple[str, str]]) -> list[PairTokens]:
        """One input a (title, abstract), in the order given."""


class Packed:
    """As `CrossEncoder` reads pairs when searching: the longer text is cut until both fit."""

    def __init__(self, file: Path, spec: ModelSpec, max_positions: int) -> None:
        self._tokenizer = TextTokenizer(file, spec, max_positions=max_positions)

    def read(self, query: str, passages: Sequence[tuple[str, str]]) -> list[PairTokens]:
        """One input a (title, abstract), in the order given."""
        tokens = self._tokenizer.read_pairs(query, passages).tokens
        return [PairTokens(ids, segments, [1] * len(ids)) for ids, segments in tokens]


class Fixed32:
    """The layout of MedCPT's own training (official code, `reranker/`).

    The first 30 tokens of the query between [CLS] and [SEP], padded to 32, in segment 0; then title and abstract,
    with no [SEP] between them, and [SEP], in segment 1: up to 479 tokens where the model reads 512. MedCPT pads the
    passage to the end of the 512 too; that padding is masked and comes last, so leaving it out changes no score.
    """

    def __init__(self, file: Path, spec: ModelSpec, max_positions: int) -> None:
        self._spec = spec
        self._room = min(spec.max_tokens, max_positions) - PASSAGE_START - 1
        if self._room < 1:
            problem = (
                f"layout 'fixed32' puts passages at position {PASSAGE_START}, and it reads {self._room + 33} tokens"
            )
            raise UnsuitableModel(model=spec.name, problem=problem)
        self._tokenizer = Tokenizer.from_file(str(file))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._cls, self._sep = _around(file, spec)
        self._pad = self._tokenizer.token_to_id("[PAD]") or 0

    def read(self, query: str, passages: Sequence[tuple[str, str]]) -> list[PairTokens]:
        """One input a (title, abstract), in the order given."""
        asked = [self._cls, *self._plain([self._spec.prefix + query])[0][:QUERY_TOKENS], self._sep]
        gap = PASSAGE_START - len(asked)
        head, mask = asked + [self._pad] * gap, [1] * len(asked) + [0] * gap
        texts = [self._spec.separator.join(part for part in passage if part) for passage in passages]
        inputs = []
        for tokens in self._plain(texts):
            passage = [*tokens[: self._room], self._sep]
            segments = [0] * PASSAGE_START + [1] * len(passage)
            inputs.append(PairTokens(head + passage, segments, mask + [1] * len(passage)))
        return inputs

    def _plain(self, texts: list[str]) -> list[list[int]]:
        """The tokens of texts alone, without [CLS] and [SEP]."""
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)]


def _around(file: Path, spec: ModelSpec) -> tuple[int, int]:
    """The ids of [CLS] and [SEP]."""
    ids = tokenizer_file.around(file)
    if len(ids) != 2:
        problem = f"its tokenizer puts {len(ids)} tokens around a text, and layout 'fixed32' needs [CLS] and [SEP]"
        raise UnsuitableModel(model=spec.name, problem=problem)
    return ids[0], ids[1]


LAYOUTS: dict[LayoutName, Callable[[Path, ModelSpec, int], Layout]] = {"packed": Packed, "fixed32": Fixed32}
"""A layout is opened with tokenizer.json, the spec of the cross-encoder, and how many positions the model has."""


def padded(inputs: Sequence[PairTokens]) -> PairBatch:
    """Inputs as one batch, as long as the longest of them."""
    shape = (len(inputs), max(len(tokens.ids) for tokens in inputs))
    batch = PairBatch(*(np.zeros(shape, dtype=np.int64) for _ in PairBatch._fields))
    for row, tokens in enumerate(inputs):
        for target, values in zip(batch, (tokens.ids, tokens.segments, tokens.mask), strict=True):
            target[row, : len(values)] = values
    return batch
