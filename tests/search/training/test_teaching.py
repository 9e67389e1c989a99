import pytest

from indexer.queries import Hit
from search.training import teaching
from search.training.teaching import Seen


def test_what_the_search_did_not_find_counts_as_its_last_hit() -> None:
    hits = [Hit("a", 0.9), Hit("b", 0.4), Hit("c", 0.1)]
    assert teaching.found_scores(["c", "x", "a"], hits) == {"c": 0.1, "x": 0.1, "a": 0.9}


def test_a_search_that_found_nothing_tells_nothing_apart() -> None:
    assert teaching.found_scores(["x", "y"], []) == {"x": 0, "y": 0}


def test_the_mixture_is_half_of_each_scaled_over_the_passages() -> None:
    # Re-ranker 5, -3, 1 → 1, 0, .5; search .2, .6, .4 → 0, 1, .5.
    mixed = teaching.mix(Seen({"a": 5, "b": -3, "c": 1}, {"a": 0.2, "b": 0.6, "c": 0.4}))
    assert mixed == pytest.approx({"a": 0.5, "b": 0.5, "c": 0.5})
    # With c sought out by the search: 0, .5, 1 → halves of 1 + 0, 0 + .5, .5 + 1.
    mixed = teaching.mix(Seen({"a": 5, "b": -3, "c": 1}, {"a": 0.2, "b": 0.4, "c": 0.6}))
    assert mixed == pytest.approx({"a": 0.5, "b": 0.25, "c": 0.75})


def test_each_teacher_passes_on_its_own_scores() -> None:
    seen = Seen(reranked={"a": 7.0, "b": -2.0}, found={"a": 0.1, "b": 0.2})
    assert teaching.TEACHERS["rerank"](seen) == seen.reranked
    assert teaching.TEACHERS["search"](seen) == seen.found


def test_only_the_search_itself_teaches_without_a_reranker() -> None:
    assert {name for name in teaching.TEACHERS if not teaching.needs_reranker(name)} == {"search"}
    assert not teaching.needs_reranker(None)
