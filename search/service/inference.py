"""The models of the server behind two calls, `embed` and `rerank`: texts in, numbers out, requests side by side."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from onnx_models import RerankerKind, Similarity
from search.service.errors import RequestTooLarge, UnknownServedModel
from search.service.limits import Limits

if TYPE_CHECKING:
    from search.service.engines import Engine

Side = Literal["query", "article", "rerank"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """One model as clients may know it. All is as it was when the model was loaded."""

    name: str
    """`<set>-query`, `<set>-article` or `<set>-rerank`."""
    model_set: str
    side: Side
    dimension: int | None
    """The width of a vector; None for a re-ranker."""
    max_tokens: int
    """A text is cut after so many tokens."""
    fingerprint: str
    """SHA-256 of weights, tokenizer and spec, as the index's fingerprint is made."""
    precision: str
    kind: Literal["encoder"] | RerankerKind
    similarity: Similarity | None
    """How two vectors are compared; None for a re-ranker."""
    runtime: str
    """What it really runs with, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """The vectors of a request's texts, in the order given."""

    vectors: NDArray[np.float32]
    """Shape (texts, dimension)."""
    tokens: tuple[int, ...]
    """How many tokens of each text the model read."""
    cut: tuple[bool, ...]
    """Whether a text was longer than the model reads, so that its end did not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The scores of a request's documents, in the order given."""

    logits: NDArray[np.float64]
    """Shape (documents,), higher is more relevant; a cross-encoder's are unbounded, a late one's are cosines."""
    tokens: tuple[int, ...]
    """How many tokens the model read for each document, the query's included."""
    cut: tuple[bool, ...]
    """Whether query and document together were longer than the model reads."""


class Inference:
    """Every model that is served. For one event loop; `close` it when the server ends."""

    models: Mapping[str, ServedModel]
    """Every name that a request may give (bare set names aside, see `find`), in the order in which to list them."""
    limits: Limits

    def __init__(self, engines: Sequence["Engine"], limits: Limits) -> None:
        self.limits = limits
        self.models = {name: engine.served for engine in engines for name in engine.names}
        self._engines = {name: engine for engine in engines for name in engine.names}

    def find(self, name: str, side: Side) -> ServedModel:
        """The model that a request means: by its own name, or by its set's name and the side.

        A name that says its side wins over `side` between queries and articles; a re-ranker is never an encoder.

        Raises:
            UnknownServedModel: no such model, or one that cannot do it.
        """
        for served in self.models.values():
            if served.model_set == name and served.side == side:
                return served
        found = self.models.get(name)
        if found is None or (found.side == "rerank") != (side == "rerank"):
            fitting = [key for key, m in self.models.items() if (m.side == "rerank") == (side == "rerank")]
            raise UnknownServedModel(name=name, served=fitting)
        return found

    def refuse_if_full(self) -> None:
        """Cheap, for before a body is read.

        Raises:
            Overloaded: nothing more may wait now.
            Stopping: the server is shutting down.
        """

    async def embed(self, model: str, texts: Sequence[str]) -> Embedded:
        """The texts' vectors. For an article encoder a text's first line is the title, the rest the abstract.

        Cancelling the call gives up what has not been computed yet.

        Args:
            model: a name in `models`, or a set's name, which means its query encoder.
            texts: any number, up to the limit; none gives no vectors.

        Raises:
            UnknownServedModel: not the name of an encoder.
            RequestTooLarge: more texts, or a longer one, than the limits allow.
            Overloaded, Stopping: not now.
            TimedOut: the limit of time passed.
            ModelError: the model could not be run.
        """
        engine = self._engines[self.find(model, "query").name]
        self._check(texts)
        return await asyncio.to_thread(engine.embed, texts)

    async def rerank(self, model: str, query: str, documents: Sequence[str]) -> Scored:
        """The documents' raw scores; a document's first line is the title, the rest the abstract.

        Raises:
            As `embed` does.
        """
        engine = self._engines[self.find(model, "rerank").name]
        self._check([query, *documents])
        return await asyncio.to_thread(engine.rerank, query, documents)

    def close(self) -> None:
        """Give up what waits; requests made after it are refused."""

    def _check(self, texts: Sequence[str]) -> None:
        if len(texts) > self.limits.texts:
            raise RequestTooLarge(
                what="a number of texts of", given=len(texts), most=self.limits.texts, advice="Send several requests."
            )
        longest = max(map(len, texts), default=0)
        if longest > self.limits.characters:
            raise RequestTooLarge(
                what="a text whose characters count", given=longest, most=self.limits.characters, advice="Shorten it."
            )
