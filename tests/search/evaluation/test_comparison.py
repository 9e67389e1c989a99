from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.queries import Hit
from search.errors import InvalidRequest, NothingShared
from search.evaluation.comparison import TopicLoss, compare, largest_losses, top, unshared
from search.evaluation.evaluation import Ranked
from search.evaluation.measures import Scores, score
from search.evaluation.significance import holm


def named(**values: float) -> Scores:
    return {"AP": values}


def test_a_contrast_is_what_a_hand_calculation_gives() -> None:
    """Differences .2, .2, -.1, 0 sum to .3. With other signs of the first three the sum is .5 once and .1 twice, and as
    many mirrored below 0: so 2 × 2 of 8 are as large."""
    old, new = named(a=0.5, b=0.1, c=0.6, d=1.0), named(a=0.7, b=0.3, c=0.5, d=1.0)
    (found,) = compare("old", {"old": old, "new": new})
    assert (found.system, found.baseline, found.measure) == ("new", "old", "AP")
    assert found.difference == pytest.approx(0.3 / 4)
    assert (found.wins, found.losses, found.ties) == (2, 1, 1)
    assert found.p == found.p_holm == pytest.approx(4 / 8)
    assert -0.1 <= found.low < found.difference < found.high <= 0.2


def test_each_measure_and_system_is_contrasted_in_the_order_given_whatever_the_baselines_place() -> None:
    both = {"AP": {"a": 0.1}, "RR": {"a": 0.2}}
    found = compare("b", {"c": both, "b": both, "a": both})
    assert [(one.measure, one.system) for one in found] == [("AP", "c"), ("AP", "a"), ("RR", "c"), ("RR", "a")]


def test_a_baseline_alone_has_no_contrasts() -> None:
    assert compare("old", {"old": named(a=0.5)}) == ()


def test_holms_correction_is_over_the_systems_of_one_measure() -> None:
    old = {"AP": dict.fromkeys("abcdefgh", 0.0), "RR": dict.fromkeys("abcdefgh", 0.0)}
    good = {"AP": dict.fromkeys("abcdefgh", 0.5), "RR": dict.fromkeys("abcdefgh", 0.0)}
    some = {"AP": dict.fromkeys("abcdefgh", 0.0) | dict.fromkeys("abcdef", 0.5), "RR": dict.fromkeys("abcdefgh", 0.5)}
    found = {(one.measure, one.system): one for one in compare("old", {"old": old, "good": good, "some": some})}
    assert found["AP", "good"].p == 2 / 256  # all signs kept, or all flipped
    assert found["AP", "some"].p == 2 / 64  # of the six that differ
    assert found["AP", "good"].p_holm == 2 * 2 / 256
    assert found["AP", "some"].p_holm == 2 / 64
    assert (found["RR", "good"].p, found["RR", "some"].p_holm) == (1.0, 2 * 2 / 256)


def test_topics_that_one_side_lacks_are_left_out_and_told() -> None:
    systems = {"old": named(a=0.5, b=0.1, c=0.9), "new": named(a=0.7, b=0.1, d=1.0)}
    (found,) = compare("old", systems)
    assert found.difference == pytest.approx(0.2 / 2)
    assert (found.wins, found.losses, found.ties) == (1, 0, 1)
    assert unshared("old", systems) == {"new": ("c", "d")}


def test_with_complete_scores_a_topic_that_a_run_lacks_is_compared_as_zero() -> None:
    qrels = {"a": {"x": 1}, "b": {"x": 1}}
    runs = {"old": {"a": [Hit("x", 1.0)], "b": [Hit("x", 1.0)]}, "new": {"a": [Hit("x", 1.0)]}}
    systems = {name: score(run, qrels, ["RR"], complete=True) for name, run in runs.items()}
    (found,) = compare("old", systems)
    assert (found.difference, found.losses, found.ties) == (-0.5, 1, 1)
    assert unshared("old", systems) == {"new": ()}


def test_systems_without_a_topic_in_common_cannot_be_compared() -> None:
    with pytest.raises(NothingShared, match="'new' and 'old' have no judged topic in common"):
        compare("old", {"old": named(a=0.5), "new": named(b=0.5)})


def test_an_unknown_baseline_lists_the_systems() -> None:
    with pytest.raises(InvalidRequest, match=r"Unknown baseline 'odl'\. Known: old, new"):
        compare("odl", {"old": named(a=0.5), "new": named(a=0.5)})


def test_the_largest_losses_come_first_with_both_scores() -> None:
    systems = {
        "old": named(a=0.9, b=0.5, c=0.5, d=0.2, e=1.0),
        "new": named(a=0.1, b=0.5, c=0.9, d=0.1),
        "odd": named(a=0.8, b=0.0, c=0.5, d=0.2),
    }
    assert largest_losses("old", systems, "AP", limit=3) == [
        TopicLoss("a", "new", 0.1, 0.9),
        TopicLoss("b", "odd", 0.0, 0.5),
        TopicLoss("a", "odd", 0.8, 0.9),
    ]
    assert [(loss.topic, loss.system) for loss in largest_losses("old", systems, "AP")][3:] == [("d", "new")]


def test_equal_losses_stand_in_the_order_of_their_topics() -> None:
    systems = {"old": named(b=1.0, c=1.0, a=1.0), "new": named(c=0.0, a=0.0, b=0.0)}
    assert [loss.topic for loss in largest_losses("old", systems, "AP")] == ["a", "b", "c"]


def test_there_are_ten_losses_unless_asked_otherwise() -> None:
    topics = {f"t{number}": 1.0 for number in range(12)}
    systems = {"old": {"AP": topics}, "new": {"AP": dict.fromkeys(topics, 0.0)}}
    assert len(largest_losses("old", systems, "AP")) == 10


def test_the_top_shows_grades_and_titles_without_the_topics_own_article() -> None:
    hits = [Hit("ferry", 3.0), Hit("barge", 2.0), Hit("kelp", 1.0), Hit("eel", 0.5)]
    assert top("ferry", hits, {"barge": 2, "eel": 0}, {"barge": "Of barges"}, limit=2) == (
        Ranked(id="barge", grade=2, title="Of barges"),
        Ranked(id="kelp", grade=None),
    )


values = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 4).map(lambda n: n / 4), min_size=1)


@settings(max_examples=25)
@given(values, values, values)
def test_wins_losses_and_ties_are_the_topics_shared_and_mirror_when_the_roles_change(
    old: Mapping[str, float], new: Mapping[str, float], third: Mapping[str, float]
) -> None:
    systems: dict[str, Scores] = {"old": {"AP": old}, "new": {"AP": new}, "third": {"AP": third}}
    if not (old.keys() & new.keys() and old.keys() & third.keys()):
        with pytest.raises(NothingShared):
            compare("old", systems)
        return
    one, other = compare("old", systems)
    assert one.wins + one.losses + one.ties == len(old.keys() & new.keys())
    assert [one.p_holm, other.p_holm] == holm([one.p, other.p])
    (mirrored,) = compare("new", {"old": {"AP": old}, "new": {"AP": new}})
    assert (mirrored.wins, mirrored.losses) == (one.losses, one.wins)
    assert mirrored.difference == pytest.approx(-one.difference)
    assert mirrored.p == pytest.approx(one.p)
