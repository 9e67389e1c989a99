import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from onnx_models import InstalledSet, load_reranker
from onnx_models.late_interaction import maxsim
from tests.onnx_models import reading

QUERY = "aspirin after stroke"


def test_maxsim_by_hand() -> None:
    """Token 1 of the query meets 0.6 and 0.8: best 0.8. Token 2 meets 0.8 and 0.6: best 0.8. Mean 0.8.

    The second passage ends after its first token: best 0.6 and 0.8, mean 0.7.
    """
    query = np.array([[1, 0], [0, 1]], dtype=np.float32)
    passage = np.array([[0.6, 0.8], [0.8, 0.6]], dtype=np.float32)
    scores = maxsim(query, np.stack([passage, passage]), np.array([[1, 1], [1, 0]]))
    np.testing.assert_allclose(scores, [0.8, 0.7], atol=1e-6)


def test_padding_counts_for_nothing_even_where_every_cosine_is_negative() -> None:
    query = np.array([[1, 0]], dtype=np.float32)
    passage = np.array([[[-1, 0], [0, 0]]], dtype=np.float32)
    np.testing.assert_allclose(maxsim(query, passage, np.array([[1, 0]])), [-1])


@given(st.integers(0, 1000), st.integers(1, 5), st.integers(1, 6))
def test_maxsim_is_the_mean_of_largest_cosines(seed: int, asked: int, length: int) -> None:
    random = np.random.default_rng(seed)
    query = reading.unit(random.standard_normal((asked, 8)).astype(np.float32))
    passage = reading.unit(random.standard_normal((length, 8)).astype(np.float32))
    expected = sum(max(float(np.dot(token, other)) for other in passage) for token in query) / asked
    (score,) = maxsim(query, passage[None], np.ones((1, length), dtype=np.int64))
    assert abs(score - expected) < 1e-5


def test_scores_come_from_every_token_of_query_and_passage(minilm: InstalledSet) -> None:
    reranker = load_reranker(minilm, "late")
    assert reranker is not None
    query = reading.unit(reading.states(minilm, "query", QUERY))
    passages = [("Aspirin in stroke", "A trial of aspirin."), ("Diet", "")]
    expected = []
    for text in ("Aspirin in stroke A trial of aspirin.", "Diet"):
        passage = reading.unit(reading.states(minilm, "article", text))
        expected.append((query @ passage.T).max(axis=1).mean())
    np.testing.assert_allclose(reranker.score(QUERY, passages), expected, atol=1e-4)


def test_a_text_matches_itself_completely(minilm: InstalledSet) -> None:
    reranker = load_reranker(minilm, "late")
    assert reranker is not None
    same, other = reranker.score(QUERY, [(QUERY, ""), ("insulin", "")])
    assert abs(same - 1) < 1e-5
    assert other < same
