import math
from itertools import product
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.evaluation.significance import bootstrap_interval, holm, randomisation_p

scores = st.integers(0, 20).map(lambda twentieths: twentieths / 20)
pairs = st.lists(st.tuples(scores, scores), min_size=1, max_size=8)


def enumerated(first: list[float], second: list[float]) -> float:
    """The part of all exchanges of each topic's two scores with a mean difference at least as large, in twentieths."""
    steps = [round(20 * a) - round(20 * b) for a, b in zip(first, second, strict=True)]
    exchanges = [sum(sign * step for sign, step in zip(signs, steps, strict=True)) for signs in _signs(len(steps))]
    return sum(abs(total) >= abs(sum(steps)) for total in exchanges) / len(exchanges)


def _signs(count: int) -> list[tuple[int, ...]]:
    return list(product((1, -1), repeat=count))


def test_eight_topics_that_all_gain_have_two_exchanges_of_256() -> None:
    """Only all signs kept and all signs flipped reach a sum as large."""
    assert randomisation_p([0.9] * 8, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]) == 2 / 256


def test_one_loss_among_four_gains_is_counted_by_hand() -> None:
    """Differences 4, 3, 2, 1, -1 (tenths) sum to 9. With other signs: 11 once (none negative), 9 twice (one of the ones
    negative), all else 7 or less; and as many mirrored below 0. So 2 × 3 of 32."""
    first, second = [0.4, 0.3, 0.2, 0.1, 0.0], [0.0, 0.0, 0.0, 0.0, 0.1]
    assert randomisation_p(first, second) == pytest.approx(6 / 32)


@given(pairs)
def test_few_topics_are_tested_exactly(drawn: list[tuple[float, float]]) -> None:
    first, second = [a for a, _ in drawn], [b for _, b in drawn]
    assert randomisation_p(first, second) == pytest.approx(enumerated(first, second))


def test_equal_sums_of_unequal_fractions_count_as_equal() -> None:
    """.1 + .2 - .3 is 5.6e-17 in binary; it is a difference of 0, which every exchange reaches."""
    assert randomisation_p([0.1, 0.2, 0.0], [0.0, 0.0, 0.3]) == 1.0


@pytest.mark.parametrize(("first", "second"), [([0.5], [0.1]), ([0.5, 0.5], [0.5, 0.5]), ([], [])])
def test_nothing_is_shown_by_one_difference_or_none(first: list[float], second: list[float]) -> None:
    assert randomisation_p(first, second) == 1.0


def test_topics_with_equal_scores_change_nothing() -> None:
    first, second = [0.9, 0.8, 0.7, 0.2], [0.1, 0.3, 0.5, 0.4]
    assert randomisation_p(first + [0.5] * 300, second + [0.5] * 300) == randomisation_p(first, second)


def many(topics: int, gain: float) -> tuple[list[float], list[float]]:
    draws = np.random.default_rng(5)
    second = draws.random(topics)
    return list(second + draws.normal(gain, 0.2, topics)), list(second)


def test_the_drawn_p_value_is_near_that_of_another_tool(ranx: ModuleType) -> None:
    """With 2,000 draws of theirs and 10,000 of ours a p of .1 has a standard error of .007; four are allowed."""
    from ranx.statistical_tests.fisher_randomization_test import fisher_randomization_test

    first, second = many(40, 0.05)
    theirs, _ = fisher_randomization_test(np.array(first), np.array(second), n_permutations=2_000)
    assert 0.03 < theirs < 0.3
    assert randomisation_p(first, second) == pytest.approx(theirs, abs=0.03)


def test_the_same_seed_gives_the_same_figures_and_another_gives_others() -> None:
    first, second = many(60, 0.02)
    assert randomisation_p(first, second, seed=1) == randomisation_p(first, second, seed=1)
    assert randomisation_p(first, second, seed=1) != randomisation_p(first, second, seed=2)
    assert bootstrap_interval(first, second, seed=1) == bootstrap_interval(first, second, seed=1)
    assert bootstrap_interval(first, second, seed=1) != bootstrap_interval(first, second, seed=2)


def test_a_drawn_p_value_is_never_zero() -> None:
    first, second = many(100, 1.0)
    assert randomisation_p(first, second) == pytest.approx(2 / 10_001)


def test_the_interval_of_many_topics_is_that_of_the_normal_distribution() -> None:
    """Mean ± 1.96 standard errors, within a tenth of its half width."""
    first, second = many(400, 0.05)
    differences = np.subtract(first, second)
    half = 1.96 * float(np.std(differences)) / math.sqrt(400)
    low, high = bootstrap_interval(first, second)
    assert low == pytest.approx(float(np.mean(differences)) - half, abs=half / 10)
    assert high == pytest.approx(float(np.mean(differences)) + half, abs=half / 10)


def test_the_interval_of_three_topics_is_that_of_all_27_samples() -> None:
    """Of 27 samples of differences 0, 0, 3 with replacement, 8 have mean 0, 12 mean 1, 6 mean 2 and 1 (3.7 %) mean 3:
    so 2.5 % lie at 0 and 97.5 % at 3; of 90 %, 5 % at 0 and 95 % at 2."""
    assert bootstrap_interval([0, 0, 3], [0, 0, 0]) == (0, 3)
    assert bootstrap_interval([0, 0, 3], [0, 0, 0], confidence=0.9) == (0, 2)


def test_the_interval_of_equal_differences_is_that_difference() -> None:
    assert bootstrap_interval([0.5, 0.75], [0.25, 0.5]) == (0.25, 0.25)


def test_one_topic_tells_nothing_of_others() -> None:
    assert bootstrap_interval([0.5], [0.25]) == (-math.inf, math.inf)


def test_scores_of_unequal_number_are_no_pairs() -> None:
    with pytest.raises(ValueError, match="2 scores cannot be paired with 1"):
        randomisation_p([0.1, 0.2], [0.1])


def test_holm_multiplies_the_smallest_by_the_number_of_tests_and_the_next_by_one_less() -> None:
    """.005 × 4, .01 × 3, .03 × 2, and .04 × 1 lifted to the .06 before it: of these four tests (the usual textbook
    example of the method) the first and the last are below .05."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_leaves_a_single_test_and_never_exceeds_one() -> None:
    assert holm([0.04]) == [0.04]
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_no_correction_and_bonferronis_and_keeps_the_order(ps: list[float]) -> None:
    adjusted = holm(ps)
    for p, corrected in zip(ps, adjusted, strict=True):
        assert p <= corrected <= min(1.0, p * len(ps)) or math.isclose(corrected, p)
    assert [p for _, p in sorted(zip(ps, adjusted, strict=True))] == sorted(adjusted)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(0.001, 0.5))
def test_holm_rejects_what_stepping_down_rejects(ps: list[float], level: float) -> None:
    """Holm's own words: reject from the smallest up while p × (tests left) is at most the level."""
    rejected = set()
    for rank, place in enumerate(sorted(range(len(ps)), key=lambda place: ps[place])):
        if ps[place] * (len(ps) - rank) > level:
            break
        rejected.add(place)
    assert {place for place, p in enumerate(holm(ps)) if p <= level} == rejected
