"""Runs are in trec_eval's format, and sorting them by score gives the order that was shown."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.queries import Hit
from search.errors import BadRun
from search.evaluation import runs


def test_a_line_is_topic_q0_document_rank_score_tag() -> None:
    (line,) = runs.lines("7", [Hit("90000001", 12.3456789)], "biocpt")
    assert str(line) == "7 Q0 90000001 1 12.3456793 biocpt"


def test_a_tail_with_higher_scores_than_the_window_stays_below_it() -> None:
    hits = [Hit("a", 6.9), Hit("b", -12.0), Hit("c", 0.016), Hit("d", 0.015)]
    scores = [line.score for line in runs.lines("1", hits, "t")]
    # The spacing of 32-bit numbers from 8 to 16 is 2^-20.
    assert scores == [pytest.approx(6.9), -12.0, -12.0 - 2**-20, -12.0 - 2**-19]


@given(
    st.lists(st.one_of(st.floats(-100, 100), st.floats(-1e30, 1e30), st.just(65.25)), min_size=1, max_size=300),
)
def test_written_scores_strictly_decrease_as_trec_eval_reads_them(scores: list[float]) -> None:
    """trec_eval keeps a score as a C float (usnistgov/trec_eval, trec_format.h)."""
    written = [str(line) for line in runs.lines("1", [Hit(str(at), score) for at, score in enumerate(scores)], "t")]
    values = [np.float32(line.split()[4]) for line in written]
    assert all(high > low for high, low in pairwise(values))
    assert [int(line.split()[3]) for line in written] == list(range(1, len(scores) + 1))


@pytest.mark.parametrize(("document", "tag"), [("a b", "t"), ("", "t"), ("a", "my run")])
def test_spaces_that_the_format_cannot_hold_are_refused(document: str, tag: str) -> None:
    with pytest.raises(BadRun, match="TREC run cannot hold"):
        list(runs.lines("1", [Hit(document, 1.0)], tag))
