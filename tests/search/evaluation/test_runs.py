"""Runs are in trec_eval's format: written so that it sees the order that was shown, and read in the order it sees."""

import gzip
import tempfile
from itertools import pairwise
from pathlib import Path

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


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "run"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_run_is_read_by_score_whatever_its_ranks_say(tmp_path: Path) -> None:
    text = "2 Q0 a 1 0.5 t\n1 Q0 x 1 -3 t\n2\tQ0\tb\t2\t7e-1\tt\r\n\n1 Q0 y 9 2 t\n"
    expected = {"2": [("b", np.float32(0.7)), ("a", 0.5)], "1": [("y", 2.0), ("x", -3.0)]}
    assert runs.read(write(tmp_path, text)) == expected
    packed = tmp_path / "run.gz"
    packed.write_bytes(gzip.compress(text.encode()))
    assert list(runs.read(packed)) == ["2", "1"]


@pytest.mark.parametrize("scores", [(1.0, 1.0), (1.00000001, 1.0), (1.0, 1.00000001), (1.0, 2.0), (1.0, 1.0000002)])
def test_a_run_is_read_in_the_order_that_trec_eval_sees(tmp_path: Path, scores: tuple[float, float]) -> None:
    """Its reciprocal rank says where it saw the one relevant document; the first two pairs are equal in 32 bits."""
    trec_eval = pytest.importorskip("pytrec_eval")
    names = ("Z", "é")
    run = {"1": dict(zip(names, scores, strict=True))}
    lines = "".join(f"1 Q0 {name} 1 {score!r} t\n" for name, score in run["1"].items())
    order = [hit.id for hit in runs.read(write(tmp_path, lines))["1"]]
    for name in names:
        judge = trec_eval.RelevanceEvaluator({"1": {name: 1}}, {"recip_rank"})
        assert judge.evaluate(run)["1"]["recip_rank"] == 1 / (1 + order.index(name))


@given(
    st.lists(st.tuples(st.text("abé1", min_size=1), st.floats(-1e38, 1e38)), unique_by=lambda hit: hit[0], min_size=1)
)
def test_what_was_written_is_read_in_the_order_that_was_shown(hits: list[tuple[str, float]]) -> None:
    shown = [Hit(*hit) for hit in hits]
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), "".join(f"{line}\n" for line in runs.lines("1", shown, "t")))
        assert [hit.id for hit in runs.read(path)["1"]] == [hit.id for hit in shown]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no hits"),
        ("1 Q0 a 1 0.5 t\n1 Q0 b 2 0.4\n", "Line 2 .* has 5 columns, not the 6"),
        ("1 Q0 a 1 0.5 my run\n", "Line 1 .* has 7 columns"),
        ("1 Q0 a 1 nan t\n", "Line 1 .* score 'nan' is no finite 32-bit number"),
        ("1 Q0 a 1 -inf t\n", "score '-inf' is no finite"),
        ("1 Q0 a 1 1e39 t\n", "score '1e39' is no finite"),
        ("1 Q0 a 1 high t\n", "score 'high' is no finite"),
        ("1 Q0 a 1 1_0 t\n", "score '1_0' is no finite"),
        ("1 Q0 a 1 3 t\n2 Q0 a 1 3 t\n1 Q0 a 2 1 t\n", "Line 3 .* topic '1' has document 'a' already in line 1"),
    ],
)
def test_a_line_that_is_no_hit_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadRun, match=said):
        runs.read(write(tmp_path, text))
