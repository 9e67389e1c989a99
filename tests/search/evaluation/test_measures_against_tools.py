"""Measures agree with trec_eval and with ranx on whatever is drawn, and survive grades that trec_eval does not."""

import subprocess
import sys
from types import ModuleType

import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.queries import Hit
from search.evaluation import measures

NAMED = ("nDCG@10", "nDCG@3", "AP", "RR", "R@3", "P@3")
_TREC_EVAL = {
    "nDCG@10": "ndcg_cut_10",
    "nDCG@3": "ndcg_cut_3",
    "AP": "map",
    "RR": "recip_rank",
    "R@3": "recall_3",
    "P@3": "P_3",
}


def listed(*ids: str) -> list[Hit]:
    """Hits in this order with falling scores."""
    return [Hit(id, float(-rank)) for rank, id in enumerate(ids)]


def collections(
    least: int = 0, lowest: int = -1
) -> st.SearchStrategy[tuple[dict[str, list[str]], dict[str, dict[str, int]]]]:
    """Runs (ids in order) and judgements from grade `lowest`; at least `least` relevant articles and hits a topic."""
    ids = [f"d{number}" for number in range(12)]
    topics = st.lists(st.sampled_from("abcdef"), min_size=1, unique=True)
    order = st.lists(st.sampled_from(ids), min_size=least, unique=True)
    grades = st.dictionaries(st.sampled_from(ids), st.integers(lowest, 3), min_size=1).filter(
        lambda grades: sum(grade > 0 for grade in grades.values()) >= least
    )
    return topics.flatmap(
        lambda names: st.tuples(
            st.fixed_dictionaries(dict.fromkeys(names, order)),
            st.fixed_dictionaries(dict.fromkeys(names, grades)),
        )
    )


@given(collections())
def test_measures_agree_with_trec_eval(drawn: tuple[dict[str, list[str]], dict[str, dict[str, int]]]) -> None:
    orders, qrels = drawn
    run = {topic: listed(*ids) for topic, ids in orders.items()}
    theirs = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut.10,3", "map", "recip_rank", "recall.3", "P.3"}).evaluate(
        {topic: dict(hits) for topic, hits in run.items()}
    )
    ours = measures.score(run, qrels, NAMED)
    for measure in NAMED:
        assert ours[measure] == pytest.approx({topic: theirs[topic][_TREC_EVAL[measure]] for topic in qrels})


@given(collections())
def test_judged_only_agrees_with_trec_eval(drawn: tuple[dict[str, list[str]], dict[str, dict[str, int]]]) -> None:
    orders, qrels = drawn
    run = {topic: listed(*ids) for topic, ids in orders.items()}
    evaluator = pytrec_eval.RelevanceEvaluator(qrels, {"map"}, judged_docs_only_flag=True)
    theirs = evaluator.evaluate({topic: dict(hits) for topic, hits in run.items()})
    ours = measures.score(run, qrels, ["AP"], judged_only=True)["AP"]
    assert ours == pytest.approx({topic: theirs[topic]["map"] for topic in qrels})


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(collections(least=1, lowest=0))
def test_measures_agree_with_ranx(
    ranx: ModuleType, drawn: tuple[dict[str, list[str]], dict[str, dict[str, int]]]
) -> None:
    """Its `ndcg` has the gains of Järvelin and Kekäläinen (the grade); `ndcg_burges` has 2^grade - 1 and is another."""
    orders, qrels = drawn
    run = {topic: listed(*ids) for topic, ids in orders.items()}
    names = {
        "nDCG@10": "ndcg@10",
        "nDCG@3": "ndcg@3",
        "AP": "map",
        "RR": "mrr",
        "R@3": "recall@3",
        "P@3": "precision@3",
    }
    theirs = ranx.Run.from_dict({topic: {hit.id: hit.score for hit in hits} for topic, hits in run.items()})
    found = ranx.evaluate(ranx.Qrels.from_dict(qrels), theirs, list(names.values()), return_mean=False)
    ours = measures.score(run, qrels, NAMED)
    for measure, name in names.items():
        theirs_by_topic = dict(zip(theirs.keys(), found[name], strict=True))
        assert ours[measure] == pytest.approx(theirs_by_topic, abs=1e-9)


@given(collections(lowest=-3))
def test_a_grade_below_minus_one_is_measured_as_minus_one(
    drawn: tuple[dict[str, list[str]], dict[str, dict[str, int]]],
) -> None:
    orders, qrels = drawn
    run = {topic: listed(*ids) for topic, ids in orders.items()}
    raised = {topic: {id: max(grade, -1) for id, grade in grades.items()} for topic, grades in qrels.items()}
    names = [*NAMED, "Judged@10"]
    assert measures.score(run, qrels, names) == measures.score(run, raised, names)


_MANY_TOPICS = """
import random
from indexer.queries import Hit
from search.evaluation import measures
chance = random.Random(1)
ids = [f"d{number}" for number in range(12)]
topics = [f"t{number}" for number in range(2000)]
for _ in range(3):
    run = {topic: [Hit(id, 1.0) for id in ids] for topic in topics}
    qrels = {topic: {id: chance.choice([-2, 0, 1]) for id in chance.sample(ids, 6)} for topic in topics}
    measures.score(run, qrels, ["nDCG@10"])
print("measured")
"""


@pytest.mark.slow
def test_grades_of_trecs_web_track_leave_the_process_alive() -> None:
    """Its spam has the grade -2, for which trec_eval writes before the memory that it set aside."""
    done = subprocess.run([sys.executable, "-c", _MANY_TOPICS], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "measured\n")
