"""The models behind the server against the same models called alone, and every way in which a request ends early."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from onnx_models import InstalledSet, RunOptions, find_set, load_encoder, load_reranker
from search.service.errors import Overloaded, RequestTooLarge, Stopping, TimedOut, UnknownServedModel
from search.service.inference import Inference
from search.service.limits import Limits
from search.service.opening import open_inference
from tests.onnx_models import checkpoints
from tests.search.service.serving import Gate, until

WORDS = checkpoints.WORDS.split()
QUERIES = [" ".join(WORDS[start : start + start % 9 + 1]) for start in range(30)]
ARTICLES = [
    (" ".join(WORDS[start : start + 4]), " ".join(WORDS[start : start + start * 7 % 40])) for start in range(30)
]
LINES = [f"{title}\n{abstract}" for title, abstract in ARTICLES]


@pytest.fixture(scope="module")
def models(home: Path) -> InstalledSet:
    checkpoints.install(home, "minilm")
    return find_set(home, "medcpt")


@contextmanager
def opened(home: Path, *sets: str, limits: Limits | None = None) -> Iterator[Inference]:
    with closing(
        open_inference(home, sets or ("medcpt",), rerank="auto", run=RunOptions(threads=2), limits=limits or Limits())
    ) as inference:
        yield inference


def test_vectors_of_many_requests_at_once_are_those_of_the_encoders_alone(home: Path, models: InstalledSet) -> None:
    async def asked(inference: Inference) -> list[Any]:
        queries = [inference.embed("medcpt-query", QUERIES[start : start + 3]) for start in range(0, 30, 3)]
        articles = [inference.embed("medcpt-article", LINES[start : start + 5]) for start in range(0, 30, 5)]
        return await asyncio.gather(*queries, *articles)

    with opened(home) as inference:
        answers = asyncio.run(asked(inference))
    queries = np.vstack([answer.vectors for answer in answers[:10]])
    articles = np.vstack([answer.vectors for answer in answers[10:]])
    np.testing.assert_allclose(queries, load_encoder(models.query).encode(QUERIES), atol=1e-4)
    np.testing.assert_allclose(articles, load_encoder(models.article).encode(ARTICLES), atol=1e-4)


@pytest.mark.parametrize("model_set", ["medcpt", "minilm"])
def test_scores_of_many_requests_at_once_are_those_of_the_reranker_alone(
    home: Path, models: InstalledSet, model_set: str
) -> None:
    """MedCPT's set has a cross-encoder, minilm's late interaction."""
    reranker = load_reranker(find_set(home, model_set))
    assert reranker is not None

    async def asked(inference: Inference) -> list[Any]:
        return await asyncio.gather(*[inference.rerank(model_set, query, LINES) for query in QUERIES[:6]])

    with opened(home, model_set) as inference:
        answers = asyncio.run(asked(inference))
    for query, answer in zip(QUERIES, answers, strict=False):
        assert answer.logits.dtype == np.float64
        np.testing.assert_allclose(answer.logits, reranker.score(query, ARTICLES), atol=1e-4)


def test_tokens_and_cuts_are_those_of_the_tokenizer(home: Path, models: InstalledSet) -> None:
    """MedCPT reads 64 tokens of a query, and here 128 of an article or a pair, as the tiny model has no more."""
    plain = Tokenizer.from_file(str(models.query.tokenizer_file))
    plain.no_truncation()
    texts = [*QUERIES, "heart " * 80]
    counts = [len(plain.encode(text).ids) for text in texts]
    pairs = [len(plain.encode("heart", f"{title} {abstract}".strip()).ids) for title, abstract in ARTICLES]

    async def asked(inference: Inference) -> tuple[Any, Any]:
        embedded = await inference.embed("medcpt-query", texts)
        return embedded, await inference.rerank("medcpt", "heart", [*LINES, "heart " * 200])

    with opened(home) as inference:
        embedded, scored = asyncio.run(asked(inference))
    assert embedded.tokens == tuple(min(64, count) for count in counts)
    assert embedded.cut == tuple(count > 64 for count in counts)
    assert scored.tokens == (*pairs, 128)
    assert scored.cut == (*[False] * len(LINES), True)


def test_late_interaction_reports_the_tokens_of_query_and_document(home: Path, models: InstalledSet) -> None:
    async def asked(inference: Inference) -> Any:
        return await inference.rerank("minilm", "heart attack", ["blood"])

    plain = Tokenizer.from_file(str(find_set(home, "minilm").query.tokenizer_file))
    with opened(home, "minilm") as inference:
        scored = asyncio.run(asked(inference))
    assert scored.tokens == (len(plain.encode("heart attack").ids) + len(plain.encode("blood").ids),)


def test_a_long_request_is_read_in_parts_and_comes_back_in_order(home: Path, models: InstalledSet) -> None:
    texts = [" ".join(WORDS[number % 50 :]) for number in range(300)]

    async def asked(inference: Inference) -> Any:
        return await inference.embed("medcpt-query", texts)

    with opened(home) as inference:
        embedded = asyncio.run(asked(inference))
    np.testing.assert_allclose(embedded.vectors, load_encoder(models.query).encode(texts), atol=1e-4)


def test_no_texts_give_no_rows(home: Path, models: InstalledSet) -> None:
    async def asked(inference: Inference) -> tuple[Any, Any]:
        return await inference.embed("medcpt-query", []), await inference.rerank("medcpt", "heart", [])

    with opened(home) as inference:
        embedded, scored = asyncio.run(asked(inference))
    assert (embedded.vectors.shape, scored.logits.shape) == ((0, 32), (0,))


def test_a_model_is_found_by_its_name_or_by_its_set_and_side(home: Path, models: InstalledSet) -> None:
    with opened(home, "medcpt", "minilm") as inference:
        assert list(inference.models) == [
            "medcpt-query",
            "medcpt-article",
            "medcpt-rerank",
            "medcpt-cross",
            "minilm-query",
            "minilm-article",
            "minilm-rerank",
        ]
        assert inference.find("medcpt", "article").name == "medcpt-article"
        assert inference.find("medcpt-article", "query").name == "medcpt-article"
        assert inference.find("medcpt-cross", "rerank").kind == "cross"
        assert inference.find("minilm", "rerank").kind == "late"
        with pytest.raises(UnknownServedModel, match=r"'bge' is served .*medcpt-query, medcpt-article, minilm-query"):
            inference.find("bge", "query")
        with pytest.raises(UnknownServedModel, match=r"'medcpt-query' is served .*: medcpt-rerank, medcpt-cross"):
            inference.find("medcpt-query", "rerank")


@pytest.mark.parametrize(
    ("texts", "message"),
    [(["heart"] * 4, "has 4 texts, and this server takes 3"), (["x" * 21], "has 21 characters in one text")],
)
def test_a_request_beyond_the_limits_is_refused_with_the_limit(
    home: Path, models: InstalledSet, texts: list[str], message: str
) -> None:
    with opened(home, limits=Limits(texts=3, characters=20)) as inference:
        with pytest.raises(RequestTooLarge, match=message):
            asyncio.run(inference.embed("medcpt-query", texts))
        with pytest.raises(RequestTooLarge, match=message):
            asyncio.run(inference.rerank("medcpt", "heart", texts))


def test_what_would_wait_too_long_is_refused_at_once_and_what_waits_is_answered(
    home: Path, models: InstalledSet
) -> None:
    async def asked(inference: Inference, gate: Gate) -> None:
        taken = asyncio.ensure_future(inference.embed("medcpt-query", ["heart"] * 1000))
        await asyncio.to_thread(until, lambda: gate.rows > 0, "a first batch")
        with pytest.raises(Overloaded) as refused:
            await inference.embed("medcpt-query", ["heart"] * 100)
        assert 1 <= refused.value.retry_after <= 60
        assert inference.admission.refused == 1
        inference.refuse_if_full()  # the article encoder has nothing to do
        gate.open.set()
        assert (await taken).vectors.shape == (1000, 32)
        await inference.embed("medcpt-query", ["heart"] * 100)
        assert (inference.admission.requests, inference.admission.waiting_tokens) == (0, 0)

    with opened(home, limits=Limits(waiting_seconds=1e-9)) as inference:
        asyncio.run(asked(inference, Gate(inference, "medcpt-query")))


def test_a_bound_on_tokens_holds_for_all_models_together(home: Path, models: InstalledSet) -> None:
    async def asked(inference: Inference, gate: Gate) -> None:
        taken = asyncio.ensure_future(inference.embed("medcpt-query", ["heart"] * 1000))  # alone: whatever its size
        await asyncio.to_thread(until, lambda: gate.rows > 0, "a first batch")
        with pytest.raises(Overloaded):
            await inference.rerank("medcpt", "heart", ["blood"])
        with pytest.raises(Overloaded):
            inference.refuse_if_full()
        gate.open.set()
        await taken

    with opened(home, limits=Limits(waiting_tokens=10, waiting_seconds=1e9)) as inference:
        asyncio.run(asked(inference, Gate(inference, "medcpt-query")))


def test_a_short_request_is_taken_while_a_long_one_is_worked_on(home: Path, models: InstalledSet) -> None:
    """Of a long request only as much counts as the short one is long, as the line lets it pass."""

    async def asked(inference: Inference, gate: Gate) -> None:
        (lane,) = [lane for lane in inference.lanes if lane.served.name == "medcpt-query"]
        lane.batcher.seconds_per_token = 0.001
        long = asyncio.ensure_future(inference.embed("medcpt-query", ["heart " * 60] * 200))  # 12 s by that speed
        await asyncio.to_thread(until, lambda: gate.rows > 0, "a first batch")
        short = asyncio.ensure_future(inference.embed("medcpt-query", ["heart"]))
        await asyncio.sleep(0)
        assert inference.admission.requests == 2
        with pytest.raises(Overloaded):
            await inference.embed("medcpt-query", ["heart " * 60] * 200)
        gate.open.set()
        await asyncio.gather(long, short)

    with opened(home, limits=Limits(waiting_seconds=1)) as inference:
        asyncio.run(asked(inference, Gate(inference, "medcpt-query")))


def test_what_waits_when_the_time_is_over_is_not_computed(home: Path, models: InstalledSet) -> None:
    async def asked(inference: Inference, gate: Gate) -> None:
        with pytest.raises(TimedOut, match=r"within 0\.2 s"):
            await inference.embed("medcpt-query", ["heart"] * 2000)
        assert inference.admission.requests == 0
        inference.limits = Limits()
        gate.open.set()
        assert (await inference.embed("medcpt-query", ["blood"])).vectors.shape == (1, 32)

    with opened(home, limits=Limits(seconds=0.2)) as inference:
        gate = Gate(inference, "medcpt-query")
        asyncio.run(asked(inference, gate))
    assert gate.rows < 2000


def test_what_a_client_that_has_gone_waited_for_is_not_computed(home: Path, models: InstalledSet) -> None:
    async def asked(inference: Inference, gate: Gate) -> None:
        gone = asyncio.ensure_future(inference.rerank("medcpt", "heart", ["blood"] * 1000))
        await asyncio.to_thread(until, lambda: gate.rows > 0, "a first batch")
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert (inference.admission.requests, inference.admission.waiting_tokens) == (0, 0)
        gate.open.set()
        await inference.rerank("medcpt", "heart", ["blood"])

    with opened(home) as inference:
        gate = Gate(inference, "medcpt-rerank")
        asyncio.run(asked(inference, gate))
    assert gate.rows < 1000


def test_a_closed_server_takes_nothing_more(home: Path, models: InstalledSet) -> None:
    with opened(home) as inference:
        inference.close()
        with pytest.raises(Stopping):
            asyncio.run(inference.embed("medcpt-query", ["heart"]))
        with pytest.raises(Stopping):
            inference.refuse_if_full()
