"""What every Reranker promises. A new re-ranker is done when it passes as one more parameter."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import get_args

import numpy as np
import pytest

from onnx_models import InstalledSet, Reranker, RerankerKind, RunOptions, load_reranker

QUERY = "aspirin after stroke"
PASSAGES = [
    ("Aspirin in stroke", "A trial of aspirin in patients with stroke. Mortality was lower with aspirin."),
    ("Sleep and diet in children", "Sleep was longer in children with a clinical diet."),
    ("", "An abstract with no title."),
    ("A title with no abstract", ""),
    ("", ""),
    ("Bone and muscle", "skin " * 3000),
]

Make = Callable[[pytest.FixtureRequest], Reranker]


def _opened(set_name: str, **options: object) -> Make:
    def make(request: pytest.FixtureRequest) -> Reranker:
        if options.get("backend") == "openvino":
            pytest.importorskip("openvino")
        models: InstalledSet = request.getfixturevalue(set_name)
        reranker = load_reranker(models, "auto", RunOptions(threads=2, precision="fp32", **options))  # type: ignore[arg-type]
        assert reranker is not None
        return reranker

    return make


RERANKERS: dict[str, Make] = {
    "cross": _opened("medcpt"),
    "late": _opened("minilm"),
    "late, [CLS] encoder": _opened("bge"),
    "cross, small batches": _opened("medcpt", token_budget=64),
    "late, small batches": _opened("minilm", token_budget=64),
    "cross, openvino": _opened("medcpt", backend="openvino"),
    "late, openvino": _opened("bge", backend="openvino"),
}


@pytest.fixture(params=RERANKERS)
def reranker(request: pytest.FixtureRequest) -> Reranker:
    return RERANKERS[request.param](request)


def test_gives_one_float32_score_a_passage(reranker: Reranker) -> None:
    scores = reranker.score(QUERY, PASSAGES)
    assert scores.shape == (len(PASSAGES),)
    assert scores.dtype == np.float32
    assert np.isfinite(scores).all()


def test_no_passages_give_no_scores(reranker: Reranker) -> None:
    assert reranker.score(QUERY, []).shape == (0,)


def test_scores_are_in_the_order_given(reranker: Reranker) -> None:
    forwards, backwards = reranker.score(QUERY, PASSAGES), reranker.score(QUERY, PASSAGES[::-1])
    np.testing.assert_allclose(backwards[::-1], forwards, atol=1e-4)


def test_a_score_does_not_depend_on_the_other_passages(reranker: Reranker) -> None:
    together = reranker.score(QUERY, PASSAGES)
    alone = [reranker.score(QUERY, [passage])[0] for passage in PASSAGES]
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_both_texts_count(reranker: Reranker) -> None:
    scores = reranker.score(QUERY, PASSAGES[:2])
    assert abs(scores[0] - scores[1]) > 1e-3
    assert not np.allclose(scores, reranker.score("insulin", PASSAGES[:2]), atol=1e-3)


@pytest.mark.parametrize("query", ["", "what is a \ud800", "stroke " * 10_000])
def test_odd_queries_have_answers(reranker: Reranker, query: str) -> None:
    assert np.isfinite(reranker.score(query, PASSAGES)).all()


def test_threads_may_share_it(reranker: Reranker) -> None:
    alone = reranker.score(QUERY, PASSAGES)
    with ThreadPoolExecutor(4) as threads:
        for scores in threads.map(lambda _: reranker.score(QUERY, PASSAGES), range(8)):
            np.testing.assert_allclose(scores, alone, atol=1e-4)


def test_says_what_it_is(reranker: Reranker) -> None:
    assert reranker.name
    assert reranker.kind in get_args(RerankerKind)
