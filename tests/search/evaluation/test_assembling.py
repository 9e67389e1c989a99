"""What an evaluation says of its systems, checked by hand on runs of a few lines."""

from dataclasses import replace

import pytest

from indexer.article import Article
from indexer.queries import Hit
from search.errors import InvalidRequest, NoCorrelation, NothingJudged
from search.evaluation import assembling
from search.evaluation.judging import Judging
from search.evaluation.task import SentencePairs, Task
from search.evaluation.topics import Topic
from tests.doubles import ListIndex

QRELS = {"a": {"1": 1, "2": 0}, "b": {"3": 2}, "c": {"4": 0}}
FIRST = {"a": [Hit("1", 2.0), Hit("2", 1.0)], "b": [], "z": [Hit("1", 1.0)]}
SECOND = {"a": [Hit("2", 2.0), Hit("1", 1.0)], "c": [Hit("4", 1.0)]}
JUDGING = Judging(measures=("RR",))


def test_each_system_says_which_topics_its_mean_is_not_over() -> None:
    found = assembling.of_runs({"first": FIRST, "second": SECOND}, QRELS, JUDGING, baseline="first", name="ponds")
    first, second = found.systems
    assert (first.means["RR"], first.topics) == (0.5, 2)  # a: 1, b: nothing found; z was not judged
    assert first.notes == (
        "Judged topics that the run lacks, left out: 1 (c).",
        "Topics of the run without judgements, left out: 1 (z).",
        "Topics answered with nothing, which count 0 and which a run file cannot hold: 1 (b).",
    )
    assert (second.means["RR"], second.topics) == (0.25, 2)  # a: 1/2, c: nothing is relevant
    assert second.notes == ("Judged topics that the run lacks, left out: 1 (b).",)
    assert found.notes == (
        "Judged topics without a relevant article, to which nearly all measures give 0: 1 (c).",
        "Intervals of so few topics (2) look surer than they are: look at p, and at more topics (25 at least).",
        "Topics not in both second and first, left out of their comparison: 2 (b, c).",
    )


@pytest.mark.parametrize(("topics", "said"), [(24, True), (25, False)])
def test_intervals_of_few_topics_are_said_to_be_too_sure(topics: int, said: bool) -> None:
    run = {str(topic): [Hit("1", 1.0)] for topic in range(topics)}
    qrels = {topic: {"1": 1} for topic in run}
    both = assembling.of_runs({"first": run, "second": run}, qrels, JUDGING, baseline="first", name="ponds")
    assert any("look surer than they are" in note for note in both.notes) is said
    alone = assembling.of_runs({"first": run}, qrels, JUDGING, baseline="", name="ponds")
    assert alone.notes == ()


def test_complete_runs_are_compared_over_all_judged_topics() -> None:
    judging = replace(JUDGING, complete=True)
    found = assembling.of_runs({"first": FIRST, "second": SECOND}, QRELS, judging, baseline="first", name="ponds")
    assert [system.topics for system in found.systems] == [3, 3]
    assert "Judged topics that the run lacks, counted as 0: 1 (c)." in found.systems[0].notes
    assert found.contrasts[0].difference == pytest.approx((0.5 - 1) / 3)


def test_a_run_without_judged_topics_is_refused() -> None:
    with pytest.raises(NothingJudged):
        assembling.of_runs({"first": {"z": [Hit("1", 1.0)]}}, QRELS, JUDGING, baseline="", name="ponds")


def test_one_system_has_no_baseline_and_nothing_to_lose_against() -> None:
    found = assembling.of_runs({"first": FIRST}, QRELS, JUDGING, baseline="", name="ponds")
    assert (found.contrasts, found.worst) == ((), ())


@pytest.mark.parametrize(
    ("names", "named", "baseline"),
    [(["x", "y"], None, "x"), (["x", "y"], "y", "y"), (["x"], None, ""), (["x"], "x", "")],
)
def test_the_baseline_is_the_one_named_or_the_first(names: list[str], named: str | None, baseline: str) -> None:
    assert assembling.baseline_of(names, named) == baseline


def test_a_baseline_that_is_no_system_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidRequest, match=r"Unknown baseline 'w'. Known: x, y."):
        assembling.baseline_of(["x", "y"], "w")


def test_the_first_topics_keep_their_judgements_alone() -> None:
    topics = (Topic("b", "otters"), Topic("a", "herons"), Topic("c", "newts"))
    task = Task(name="ponds", topics=topics, qrels=QRELS)
    assert assembling.first_topics(task, 2).qrels == {"b": QRELS["b"], "a": QRELS["a"]}
    assert assembling.first_topics(task, None).qrels == QRELS
    assert assembling.first_topics(task, 9).topics == topics


def test_top_tens_get_the_titles_that_the_index_knows() -> None:
    made = ListIndex()
    writer = made.open_writer()
    writer.write([Article(id="1", title="Otters of the north")], {})
    writer.commit()
    found = assembling.of_runs({"first": FIRST, "second": SECOND}, QRELS, JUDGING, baseline="first", name="ponds")
    (worst,) = assembling.with_titles(found, made.open_reader()).worst
    assert [(place.id, place.grade, place.title) for place in worst.top] == [
        ("2", 0, ""),
        ("1", 1, "Otters of the north"),
    ]
    assert [place.id for place in worst.baseline_top] == ["1", "2"]


def test_pairs_are_told_by_two_correlations() -> None:
    # Ranks agree but for one exchange of neighbours among four: Spearman 1 - 6 × 2 / (4 × 15) = .8.
    task = SentencePairs(name="s", pairs=(("a", "b"),) * 4, scores=(1.0, 2.0, 3.0, 4.0), source="invented")
    found = assembling.of_pairs(task, [0.1, 0.3, 0.2, 0.9], model="tiny")
    (system,) = found.systems
    assert system.means["Spearman"] == pytest.approx(0.8)
    assert (system.name, system.topics, found.source) == ("tiny", 4, "invented")
    with pytest.raises(NoCorrelation):
        assembling.of_pairs(task, [0.5] * 4, model="tiny")
