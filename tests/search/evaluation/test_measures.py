import math
import subprocess
import sys

import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from indexer.queries import Hit
from search.errors import BadRun, NoCorrelation, NothingJudged, UnknownMeasure
from search.evaluation import measures
from search.evaluation.runs import lines


def listed(*ids: str) -> list[Hit]:
    """Hits in this order with falling scores."""
    return [Hit(id, float(-rank)) for rank, id in enumerate(ids)]


def value(measure: str, ids: list[str], grades: dict[str, int], *, judged_only: bool = False) -> float:
    return measures.score({"t": listed(*ids)}, {"t": grades}, [measure], judged_only=judged_only)[measure]["t"]


FOUND = ["ferry", "kelp", "barge"]
GRADES = {"ferry": 2, "barge": 1, "canoe": 0}


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        # Gains 2, 0, 1 at ranks 1, 2, 3, over the best order's gains 2, 1: gain / log2(rank + 1), summed.
        ("nDCG@10", (2 / math.log2(2) + 1 / math.log2(4)) / (2 / math.log2(2) + 1 / math.log2(3))),
        ("nDCG@1", 1.0),
        ("AP", (1 / 1 + 2 / 3) / 2),  # precision at the ranks of the two relevant ones
        ("AP@2", (1 / 1) / 2),
        ("RR", 1 / 1),
        ("R@2", 1 / 2),
        ("R@3", 2 / 2),
        ("P@2", 1 / 2),
        ("P@10", 2 / 10),  # over ten places, though only three are taken
        ("Judged@2", 1 / 2),
        ("Judged@10", 2 / 3),  # over the three that are there
    ],
)
def test_each_measure_is_what_a_hand_calculation_gives(measure: str, expected: float) -> None:
    assert value(measure, FOUND, GRADES) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("measure", "expected"), [("RR", 1 / 3), ("RR@3", 1 / 3), ("RR@2", 0.0)])
def test_the_reciprocal_rank_is_that_of_the_first_relevant_one_up_to_its_cut(measure: str, expected: float) -> None:
    assert value(measure, ["kelp", "canoe", "barge", "ferry"], GRADES) == pytest.approx(expected)


def test_equal_scores_are_judged_in_the_order_given() -> None:
    ahead = [Hit("kelp", 1.0), Hit("ferry", 1.0)]
    assert measures.score({"t": ahead}, {"t": {"ferry": 1}}, ["RR"])["RR"]["t"] == 1 / 2
    assert measures.score({"t": ahead[::-1]}, {"t": {"ferry": 1}}, ["RR"])["RR"]["t"] == 1 / 1


def test_a_tail_that_scores_above_its_window_is_judged_below_it() -> None:
    """A cross-encoder's scores may all be negative, and the fused scores of the tail positive."""
    assert measures.score({"t": [Hit("ferry", -7.0), Hit("kelp", 0.01)]}, {"t": {"ferry": 1}}, ["P@1"])["P@1"]["t"] == 1


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=8), st.integers(0, 7))
def test_trec_eval_on_the_written_run_finds_what_we_report(scores: list[float], relevant: int) -> None:
    hits = [Hit(f"d{place}", score) for place, score in enumerate(scores)]
    judged = {"t": {f"d{relevant % len(hits)}": 1}}
    written = {line.document: float(f"{line.score:.9g}") for line in lines("t", hits, "x")}
    theirs = pytrec_eval.RelevanceEvaluator(judged, {"recip_rank"}).evaluate({"t": written})
    assert measures.score({"t": hits}, judged, ["RR"])["RR"]["t"] == theirs["t"]["recip_rank"]


def test_an_article_with_the_topics_own_id_is_dropped_from_its_list() -> None:
    hits = {"ferry": listed("ferry", "barge")}
    assert measures.score(hits, {"ferry": {"barge": 1}}, ["P@1"])["P@1"] == {"ferry": 1.0}


def test_an_article_with_another_topics_id_stays() -> None:
    assert value("P@1", ["ferry", "barge"], {"barge": 1}) == 0


TWO = {"one": {"ferry": 1}, "two": {"barge": 1}}


def test_means_are_over_topics_in_both_run_and_judgements() -> None:
    run = {"one": listed("ferry"), "other": listed("barge")}
    scores = measures.score(run, TWO, ["RR"])
    assert scores == {"RR": {"one": 1.0}}
    assert measures.mean(scores) == {"RR": 1.0}


def test_complete_counts_a_judged_topic_that_the_run_lacks_as_nothing_found() -> None:
    scores = measures.score({"one": listed("ferry")}, TWO, ["RR", "nDCG@10", "Judged@10"], complete=True)
    assert scores["RR"] == {"one": 1.0, "two": 0.0}
    assert measures.mean(scores) == {"RR": 0.5, "nDCG@10": 0.5, "Judged@10": 0.5}


def test_the_topics_that_do_not_match_are_told() -> None:
    found = measures.match_topics({"one": [], "other": []}, {**TWO, "three": {"kelp": 0, "canoe": -1}})
    assert found.both == ("one",)
    assert found.unanswered == ("two", "three")
    assert found.unjudged == ("other",)
    assert found.without_relevant == ("three",)


def test_a_topic_that_was_asked_and_found_nothing_counts_as_nothing_found() -> None:
    """As pytrec_eval, and so BEIR, has it: an empty list is a topic of the run."""
    assert pytrec_eval.RelevanceEvaluator(TWO, {"map"}).evaluate({"one": {}}) == {"one": {"map": 0.0}}
    assert measures.score({"one": []}, TWO, ["AP", "RR@10", "Judged@5"]) == {
        "AP": {"one": 0.0},
        "RR@10": {"one": 0.0},
        "Judged@5": {"one": 0.0},
    }


def test_a_topic_without_relevant_articles_counts_zero_as_with_trec_eval() -> None:
    judged = {"one": {"ferry": 0}}
    theirs = pytrec_eval.RelevanceEvaluator(judged, {"map", "ndcg_cut.10"}).evaluate({"one": {"ferry": 1.0}})
    assert theirs["one"] == {"map": 0.0, "ndcg_cut_10": 0.0}
    scores = measures.score({"one": listed("ferry")}, judged, ["AP", "nDCG@10", "R@5", "RR", "RR@10"])
    assert measures.mean(scores) == {"AP": 0, "nDCG@10": 0, "R@5": 0, "RR": 0, "RR@10": 0}


def test_a_negative_grade_was_judged_and_gains_nothing() -> None:
    grades = {"ferry": 1, "barge": -1}
    assert value("nDCG@10", ["barge", "ferry"], grades) == pytest.approx(1 / math.log2(3))
    assert value("Judged@2", ["barge", "ferry"], grades) == 1.0


def test_judged_only_removes_unjudged_articles_before_measuring() -> None:
    unknown = ["kelp", "eel", "ferry", "canoe", "barge"]
    assert value("RR", unknown, GRADES) == 1 / 3
    assert value("RR", unknown, GRADES, judged_only=True) == 1 / 1
    assert value("AP", unknown, GRADES, judged_only=True) == pytest.approx((1 / 1 + 2 / 3) / 2)


def test_judged_only_may_leave_nothing_and_then_nothing_was_found() -> None:
    assert value("nDCG@10", ["kelp"], GRADES, judged_only=True) == 0.0
    assert value("Judged@10", ["kelp"], GRADES, judged_only=True) == 0.0


def test_an_empty_run_has_nothing_to_average() -> None:
    with pytest.raises(NothingJudged, match=r"topics are none, those of the judgements 'one', 'two' \(2 in all\)"):
        measures.score({}, TWO, ["AP"])


def test_an_empty_run_is_zero_everywhere_when_complete() -> None:
    assert measures.score({}, TWO, ["AP"], complete=True) == {"AP": {"one": 0.0, "two": 0.0}}


@pytest.mark.parametrize("complete", [False, True])
def test_a_run_for_other_topics_is_refused(complete: bool) -> None:
    with pytest.raises(NothingJudged, match=r"'PLAIN-1' .* same collection"):
        measures.score({"PLAIN-1": listed("ferry")}, TWO, ["AP"], complete=complete)


def test_no_judgements_are_refused() -> None:
    with pytest.raises(NothingJudged, match="those of the judgements none"):
        measures.score({"one": listed("ferry")}, {}, ["AP"], complete=True)


def test_an_article_twice_in_a_list_is_refused_by_name() -> None:
    with pytest.raises(BadRun, match="Topic 'one' of the run has article 'ferry' twice, again at rank 3"):
        measures.score({"one": listed("ferry", "barge", "ferry")}, TWO, ["AP"])


def test_a_score_that_is_no_number_is_refused_by_name() -> None:
    with pytest.raises(BadRun, match="Topic 'one' of the run gives article 'barge' the score NaN"):
        measures.score({"one": [Hit("barge", math.nan)]}, TWO, ["AP"])


@pytest.mark.parametrize(
    "name",
    [
        *("ndcg", "nDCG@", "nDCG@x", "nDCG@True", "nDCG(gains={0:-2})@10", "P", "P@0", "P(width=3)@5", "", "AP RR"),
        *("R@-5", "R@2.5", "R@1000001", "R@99999999999999999999", "AP(rel=0)", "RR(rel=0)", "NumRet", "ERR@5"),
    ],
)
def test_an_unknown_measure_is_refused_with_examples(name: str) -> None:
    with pytest.raises(UnknownMeasure, match=r"Unknown measure .* such as nDCG@10, AP"):
        measures.check(["AP", name])


def test_names_are_kept_as_they_were_given() -> None:
    names = ["MAP", "AP", "P(rel=2)@1"]
    measures.check(names)
    scores = measures.score({"one": listed("ferry")}, TWO, names)
    assert {name: values["one"] for name, values in scores.items()} == {"MAP": 1.0, "AP": 1.0, "P(rel=2)@1": 0.0}


def test_correlations_are_what_a_hand_calculation_gives() -> None:
    """Deviations of 1 2 3 4 and 1 2 4 3 from their means of 2.5: products 2.25 + .25 + .75 + .75 = 4, squares 5 and 5.
    They are their own ranks, so Spearman's is the same."""
    found = measures.correlate([1, 2, 3, 4], [1, 2, 4, 3])
    assert found.pearson == pytest.approx(4 / 5)
    assert found.spearman == pytest.approx(4 / 5)


def test_spearman_gives_equal_values_the_mean_of_their_ranks() -> None:
    """Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4: products of deviations 2.25 + 0 + 0 + 2.25, squares 4.5 and 5."""
    found = measures.correlate([0.1, 0.5, 0.5, 9.0], [1, 2, 3, 4])
    assert found.spearman == pytest.approx(4.5 / math.sqrt(4.5 * 5))


@pytest.mark.parametrize(
    ("xs", "ys", "reason"),
    [
        ([1.0, math.nan], [1.0, 2.0], "nan is no finite number"),
        ([1.0, 2.0], [math.inf, 2.0], "inf is no finite number"),
        ([1.0, 2.0], [3.0, 3.0], r"all 2 values of a row are 3\.0"),
        ([1.0], [1.0], "there are 1 and 1 values"),
        ([1.0, 2.0], [1.0], "there are 2 and 1 values"),
        ([], [], "there are 0 and 0 values"),
    ],
)
def test_rows_without_a_correlation_are_refused(xs: list[float], ys: list[float], reason: str) -> None:
    with pytest.raises(NoCorrelation, match=reason):
        measures.correlate(xs, ys)


_WITHOUT = """
import sys
from onnx_models.errors import MissingExtra
from search.evaluation import comparison, coverage, losses, measures, significance
print(sorted({"ir_measures", "pytrec_eval", "scipy"} & sys.modules.keys()))
sys.modules.update({name: None for name in ("ir_measures", "scipy")})
for act in (
    lambda: measures.check(["AP"]),
    lambda: measures.correlate([1, 2], [1, 2]),
    lambda: significance.randomisation_p([1, 2], [2, 4]),
):
    try:
        act()
    except MissingExtra as error:
        print(error)
"""


@pytest.mark.slow
def test_the_extra_is_imported_when_used_and_without_it_one_line_says_how_to_get_it() -> None:
    said = subprocess.run([sys.executable, "-c", _WITHOUT], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == [
        "[]",
        "Measuring needs the 'eval' extra: pip install 'biocpt-search[eval]'.",
        "Correlating needs the 'eval' extra: pip install 'biocpt-search[eval]'.",
        "Testing a difference needs the 'eval' extra: pip install 'biocpt-search[eval]'.",
    ]
