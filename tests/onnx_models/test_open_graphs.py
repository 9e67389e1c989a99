"""Sides of a set that share weights share the memory they lie in; others, and other ways to run them, share nothing."""

from dataclasses import replace

import numpy as np
import pytest

from onnx_models import InstalledSet, RunOptions, load_encoder, load_reranker
from onnx_models.copied_weights import CopiedWeights
from onnx_models.late_interaction import LateInteraction
from onnx_models.open_graphs import OpenGraphs

COPIED = RunOptions(threads=1, copy_weights=True)
PASSAGES = [("Statins in heart disease", "A trial of statins."), ("Sleep", "")]


def test_late_interaction_runs_in_the_session_of_the_article_encoder(minilm: InstalledSet) -> None:
    graphs = OpenGraphs()
    article = graphs.session(minilm.article, COPIED, output="main", low_latency=False)
    assert graphs.session(minilm.article, COPIED, output="tokens", low_latency=False) is article
    reranker = load_reranker(minilm, "late", COPIED, graphs)
    assert isinstance(reranker, LateInteraction)
    assert reranker._article.session is article
    apart = load_reranker(minilm, "late", COPIED)
    assert apart is not None
    np.testing.assert_array_equal(reranker.score("heart", PASSAGES), apart.score("heart", PASSAGES))


def test_a_query_encoder_has_its_own_session_and_the_same_weights(minilm: InstalledSet) -> None:
    """It gives all threads to one text; what it computes with lies in memory once."""
    graphs = OpenGraphs()
    article, query = (graphs.session(minilm.article, COPIED, output="main", low_latency=low) for low in (False, True))
    assert query is not article
    held = [session._weights for session in (article, query)]  # type: ignore[attr-defined]  # of OnnxSession
    assert held[0]
    assert all(held[0][name] is array for name, array in held[1].items())
    together, apart = load_encoder(minilm.query, COPIED, graphs), load_encoder(minilm.query, COPIED)
    np.testing.assert_array_equal(together.encode(["heart"]), apart.encode(["heart"]))


def test_two_graphs_over_one_file_of_weights_read_it_once(bge: InstalledSet) -> None:
    weights, (main, tokens) = CopiedWeights(), (bge.article.graph(output=output) for output in ("main", "tokens"))
    assert main != tokens
    first, second = weights.of(main), weights.of(tokens)
    assert first.keys() & second.keys()
    assert all(first[name] is second[name] for name in first.keys() & second.keys())


@pytest.mark.parametrize("other", [replace(COPIED, threads=2), replace(COPIED, copy_weights=False)])
def test_a_graph_that_is_to_run_otherwise_is_opened_again(minilm: InstalledSet, other: RunOptions) -> None:
    graphs = OpenGraphs()
    sessions = [
        graphs.session(minilm.article, options, output="main", low_latency=False) for options in (COPIED, other)
    ]
    assert sessions[0] is not sessions[1]


def test_sides_with_weights_of_their_own_share_nothing(medcpt: InstalledSet) -> None:
    weights = CopiedWeights()
    query, article = weights.of(medcpt.query.graph()), weights.of(medcpt.article.graph())
    assert not {id(array) for array in query.values()} & {id(array) for array in article.values()}
