from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx_models import InstalledSet, RunOptions, load_encoder, load_reranker
from onnx_models.errors import UnsuitableModel
from onnx_models.specs import KNOWN_SETS
from onnx_models.tokenizer import WINDOW
from tests.onnx_models import checkpoints, reading

QUERY = "survival after breast cancer treatment"
TITLE, ABSTRACT = "Statins in heart disease", "A trial of statins and aspirin in 40 patients."

some_texts = st.lists(
    st.lists(st.sampled_from(checkpoints.WORDS.split()), max_size=60).map(" ".join), min_size=1, max_size=12
)


def test_cls_pooling_gives_the_first_state_raw(medcpt: InstalledSet) -> None:
    (vector,) = load_encoder(medcpt.query).encode([QUERY])
    np.testing.assert_allclose(vector, reading.states(medcpt, "query", QUERY)[0], atol=1e-4)


def test_a_query_that_is_cut_is_reported_once(medcpt: InstalledSet, caplog: pytest.LogCaptureFixture) -> None:
    """MedCPT reads 64 tokens of a query: 62 words."""
    encoder = load_encoder(medcpt.query)
    encoder.encode(["heart " * 62])
    assert caplog.messages == []
    for _ in range(2):
        encoder.encode(["heart", "heart " * 63])
    assert caplog.messages == ["A query is longer than medcpt-query reads: its first 64 tokens count (said once)"]
    assert encoder.truncated(["heart " * 62, "heart " * 63]) == [False, True]


def test_an_article_that_is_cut_is_not_reported(medcpt: InstalledSet, caplog: pytest.LogCaptureFixture) -> None:
    load_encoder(medcpt.article).encode([("heart", "heart " * 200)])
    assert caplog.messages == []


def test_late_interaction_leaves_the_report_to_the_encoder(
    minilm: InstalledSet, caplog: pytest.LogCaptureFixture
) -> None:
    reranker = load_reranker(minilm, "late")
    assert reranker is not None
    reranker.score("heart " * 300, [("heart", "blood")])
    assert caplog.messages == []


def test_a_model_of_another_dimension_than_its_manifest_says_is_refused(medcpt: InstalledSet) -> None:
    model = replace(medcpt.query, manifest=replace(medcpt.query.manifest, hidden_size=48))
    with pytest.raises(UnsuitableModel, match=r"its graph gives 32 dimensions, its model\.json says 48"):
        load_encoder(model).encode([QUERY])


def test_a_pair_is_read_as_two_segments(medcpt: InstalledSet) -> None:
    (vector,) = load_encoder(medcpt.article).encode([(TITLE, ABSTRACT)])
    np.testing.assert_allclose(vector, reading.states(medcpt, "article", TITLE, ABSTRACT)[0], atol=1e-4)


def test_mean_pooling_averages_every_token_and_normalises(minilm: InstalledSet) -> None:
    texts = [(TITLE, ABSTRACT), ("Sleep", "")]
    vectors = load_encoder(minilm.article, RunOptions(token_budget=10_000)).encode(texts)
    for vector, text in zip(vectors, (f"{TITLE} {ABSTRACT}", "Sleep"), strict=True):
        expected = reading.unit(reading.states(minilm, "article", text).mean(axis=0))
        np.testing.assert_allclose(vector, expected, atol=1e-4)


def test_cls_with_cosine_is_normalised_and_the_query_has_its_prefix(bge: InstalledSet) -> None:
    (vector,) = load_encoder(bge.query).encode([QUERY])
    prefixed = "Represent this sentence for searching relevant passages: " + QUERY
    np.testing.assert_allclose(vector, reading.unit(reading.states(bge, "query", prefixed)[0]), atol=1e-4)


def test_last_pooling_takes_the_last_token_before_the_padding(tmp_path: Path) -> None:
    known = KNOWN_SETS["minilm"]
    model_set = replace(
        known,
        query=replace(known.query, pooling="last", similarity="ip"),
        article=replace(known.article, pooling="last", similarity="ip"),
    )
    models = reading.installed(tmp_path / "last", model_set)
    texts = ["insulin", QUERY]
    vectors = load_encoder(models.query, RunOptions(token_budget=10_000)).encode(texts)
    for vector, text in zip(vectors, texts, strict=True):
        np.testing.assert_allclose(vector, reading.states(models, "query", text)[-1], atol=1e-4)


@settings(max_examples=20, deadline=None)
@given(some_texts, st.integers(1, 400), st.integers(1, 400))
def test_fp32_vectors_do_not_depend_on_the_batch(
    medcpt: InstalledSet, minilm: InstalledSet, texts: list[str], budget: int, other: int
) -> None:
    for models in (medcpt, minilm):
        one = load_encoder(models.article, RunOptions(token_budget=budget, threads=2))
        alone = load_encoder(models.article, RunOptions(token_budget=other, threads=1))
        together = one.encode(texts)
        np.testing.assert_allclose(together, np.vstack([alone.encode([text]) for text in texts]), atol=1e-4)


def test_more_texts_than_a_window_come_back_in_order(minilm: InstalledSet) -> None:
    encoder = load_encoder(minilm.article)
    words = checkpoints.WORDS.split()
    texts = [words[number % len(words)] for number in range(WINDOW + len(words))]
    vectors = encoder.encode(texts)
    by_word = dict(zip(words, encoder.encode(words), strict=True))
    np.testing.assert_allclose(vectors, np.vstack([by_word[text] for text in texts]), atol=1e-4)


def test_says_what_it_really_runs_with(minilm: InstalledSet) -> None:
    runtime = load_encoder(minilm.article, RunOptions(threads=2)).runtime
    assert (runtime.backend, runtime.device, runtime.precision, runtime.threads) == (
        "onnx",
        "CPUExecutionProvider",
        "fp32",
        2,
    )
    assert str(runtime).startswith("onnxruntime ")


def test_the_fingerprint_is_the_models(minilm: InstalledSet) -> None:
    assert load_encoder(minilm.article).fingerprint == minilm.article.fingerprint


@pytest.mark.slow
def test_a_hundred_thousand_short_texts_in_one_call_take_little_memory(minilm: InstalledSet) -> None:
    """The tokens of all of them at once would be some hundred MB; the vectors are 12.8 MB."""
    resource = pytest.importorskip("resource")
    encoder = load_encoder(minilm.article)
    encoder.encode(["heart disease in women"] * 2 * WINDOW)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    encoder.encode(["heart disease in women and children with diabetes"] * 100_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024
