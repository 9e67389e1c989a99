"""The models of the server behind two calls, `embed` and `rerank`: texts in, numbers out, requests side by side."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from onnx_models import RerankerKind, Similarity
from onnx_models.tokenizer import Tokens
from search.service.admission import Admission
from search.service.batching import Batcher
from search.service.engines import Engine
from search.service.errors import RequestTooLarge, TimedOut, UnknownServedModel
from search.service.limits import Limits

Side = Literal["query", "article", "rerank"]

_READ_HERE = 1000
"""Characters that are tokenised on the event loop, in a fraction of a millisecond; more go to a thread."""

_READ_AT_ONCE = 64
"""Texts that a thread tokenises before it looks after another request's."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One model at work: what clients know of it, how texts become its tokens, and the threads that run it."""

    served: ServedModel
    names: tuple[str, ...]
    """The names that requests may give for it."""
    engine: Engine
    batcher: Batcher


class Inference:
    """Every model that is served. For one event loop; `close` it when the server ends."""

    def __init__(self, lanes: Sequence[Lane], limits: Limits) -> None:
        self.limits = limits
        self.admission = Admission(limits)
        self.models: Mapping[str, ServedModel] = {name: lane.served for lane in lanes for name in lane.names}
        """Every name that a request may give (bare set names aside, see `find`), in the order in which to list them."""
        self.lanes = tuple(lanes)
        self._lanes = {lane.served.name: lane for lane in lanes}
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="tokenise")

    def find(self, name: str, side: Side) -> ServedModel:
        """The model that a request means: by its own name, or by its set's name and the side.

        A name that says its side wins over `side` between queries and articles; a re-ranker is never an encoder.

        Raises:
            UnknownServedModel: no such model, or one that cannot do it.
        """
        if (named := self.models.get(name)) is not None and (named.side == "rerank") == (side == "rerank"):
            return named
        for served in self.models.values():
            if (served.model_set, served.side) == (name, side):
                return served
        fitting = [key for key, served in self.models.items() if (served.side == "rerank") == (side == "rerank")]
        raise UnknownServedModel(name=name, served=fitting)

    def refuse_if_full(self) -> None:
        """Cheap, for before a body is read.

        Raises:
            Overloaded: nothing more may wait now, for any model.
            Stopping: the server is shutting down.
        """
        refusal = None
        for lane in self.lanes:
            if (refusal := self.admission.refusal(lane.batcher)) is None:
                return
        if refusal is not None:
            self.admission.refused += 1
            raise refusal

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
        lane = self._lanes[self.find(model, "query").name]
        self._check(texts)
        if not texts:
            none = np.empty((0, lane.served.dimension or 0), dtype=np.float32)
            return Embedded(vectors=none, tokens=(), cut=())
        vectors, tokens, cut = await self._computed(lane, "", texts)
        return Embedded(vectors=vectors, tokens=tokens, cut=cut)

    async def rerank(self, model: str, query: str, documents: Sequence[str]) -> Scored:
        """The documents' raw scores; a document's first line is the title, the rest the abstract.

        Args:
            model: a name in `models`, or a set's name.
            query: what the documents are compared with.
            documents: any number, up to the limit.

        Raises:
            As `embed` does.
        """
        lane = self._lanes[self.find(model, "rerank").name]
        self._check(documents, query)
        if not documents:
            return Scored(logits=np.empty(0, dtype=np.float64), tokens=(), cut=())
        logits, tokens, cut = await self._computed(lane, query, documents)
        return Scored(logits=logits.astype(np.float64), tokens=tokens, cut=cut)

    def close(self) -> None:
        """Take no more work, and end the threads when they have finished the batches that they have begun."""
        self.admission.is_closed = True
        for lane in self.lanes:
            lane.batcher.close()
        self._readers.shutdown(cancel_futures=True)

    async def _computed(
        self, lane: Lane, query: str, texts: Sequence[str]
    ) -> tuple[NDArray[Any], tuple[int, ...], tuple[bool, ...]]:
        """One result a text, its tokens, and whether it was cut."""
        with self.admission.taken(lane.batcher, _estimate(lane.served.max_tokens, query, texts)) as job:
            async with self._in_time():
                tokens, cut = await self._read(lane.engine, query, texts)
                job.fill(tokens, lane.engine.companion(query))
                values = await lane.batcher.results(job)
        more = lane.engine.tokens_beside(job.companion)
        return values, tuple(len(text.ids) + more for text in tokens), tuple(cut)

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self.limits.seconds):
                yield
        except TimeoutError:
            raise TimedOut(self.limits.seconds) from None

    async def _read(self, engine: Engine, query: str, texts: Sequence[str]) -> tuple[list[Tokens], list[bool]]:
        if len(query) + sum(map(len, texts)) <= _READ_HERE:
            return engine.read(query, texts)
        loop = asyncio.get_running_loop()
        tokens: list[Tokens] = []
        cut: list[bool] = []
        for part in _parts(texts):
            reading = await loop.run_in_executor(self._readers, engine.read, query, part)
            tokens += reading.tokens
            cut += reading.cut
        return tokens, cut

    def _check(self, texts: Sequence[str], query: str = "") -> None:
        limits = self.limits
        if len(texts) > limits.texts:
            raise RequestTooLarge(what="texts", given=len(texts), most=limits.texts, advice="Send several requests.")
        longest = max((len(text) for text in (query, *texts)), default=0)
        if longest > limits.characters:
            raise RequestTooLarge(
                what="characters in one text",
                given=longest,
                most=limits.characters,
                advice="Models read no more than the start of a long text: send that.",
            )


def _parts(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    return (texts[start : start + _READ_AT_ONCE] for start in range(0, len(texts), _READ_AT_ONCE))


def _estimate(most: int, query: str, texts: Sequence[str]) -> int:
    """About how many tokens a request has: one for four characters of English, and the special ones."""
    return sum(min(most, (len(query) + len(text)) // 4 + 3) for text in texts)
