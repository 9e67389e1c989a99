"""Fusions against hand calculations and their properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.queries import Hit
from search.fusion import FUSIONS, FusionOptions, interpolate, min_max, rrf

LEXICAL = [Hit("a", 12.0), Hit("b", 9.0), Hit("c", 3.0)]
DENSE = [Hit("c", 0.9), Hit("a", 0.8), Hit("d", 0.5)]
BOTH = {"lexical": LEXICAL, "dense": DENSE}


def test_rrf_sums_reciprocal_ranks_from_one() -> None:
    # a: 1/61 + 1/62, c: 1/63 + 1/61, b: 1/62, d: 1/63
    fused = dict(rrf(BOTH, FusionOptions(k=60)))
    assert fused == pytest.approx({"a": 1 / 61 + 1 / 62, "c": 1 / 63 + 1 / 61, "b": 1 / 62, "d": 1 / 63})
    assert [hit.id for hit in rrf(BOTH, FusionOptions(k=60))] == ["a", "c", "b", "d"]


def test_rrf_counts_a_list_for_twice_its_weight() -> None:
    # a: 0.5/61 + 1.5/62, c: 0.5/63 + 1.5/61, b: 0.5/62, d: 1.5/63
    fused = dict(rrf(BOTH, FusionOptions(k=60, dense_weight=0.75)))
    halves = {"a": 0.5 / 61 + 1.5 / 62, "c": 0.5 / 63 + 1.5 / 61, "b": 0.5 / 62, "d": 1.5 / 63}
    assert fused == pytest.approx(halves)


def test_interpolate_is_the_weighted_mean_of_scaled_scores() -> None:
    # lexical scaled: a 1, b (9-3)/9 = 2/3, c 0; dense scaled: c 1, a .75, d 0
    fused = dict(interpolate(BOTH, FusionOptions(dense_weight=0.3)))
    assert fused == pytest.approx({"a": 0.7 + 0.3 * 0.75, "b": 0.7 * 2 / 3, "c": 0.3, "d": 0.0})


@pytest.mark.parametrize(("weight", "best"), [(0.0, "a"), (1.0, "c")])
def test_interpolate_at_its_ends_follows_one_list(weight: float, best: str) -> None:
    assert interpolate(BOTH, FusionOptions(dense_weight=weight))[0].id == best


def test_equal_scores_scale_to_one() -> None:
    assert min_max([Hit("a", 5.0), Hit("b", 5.0)]) == [Hit("a", 1.0), Hit("b", 1.0)]
    assert min_max([]) == []


def test_ties_break_by_id_as_strings() -> None:
    lists = {"lexical": [Hit("9", 1.0)], "dense": [Hit("10", 1.0)]}
    assert [hit.id for hit in rrf(lists, FusionOptions())] == ["10", "9"]


ranked = st.lists(st.sampled_from("abcdefgh"), unique=True).map(
    lambda ids: [Hit(id, float(len(ids) - at)) for at, id in enumerate(ids)]
)


@pytest.mark.parametrize("name", FUSIONS)
@given(lexical=ranked, dense=ranked)
def test_a_fusion_gives_every_hit_once_best_first_whatever_the_order_of_lists(
    name: str, lexical: list[Hit], dense: list[Hit]
) -> None:
    fused = FUSIONS[name]({"lexical": lexical, "dense": dense}, FusionOptions())
    assert sorted(hit.id for hit in fused) == sorted({hit.id for hit in [*lexical, *dense]})
    assert fused == sorted(fused, key=lambda hit: (-hit.score, hit.id))
    assert fused == FUSIONS[name]({"dense": dense, "lexical": lexical}, FusionOptions())


@given(hits=ranked)
def test_rrf_of_one_list_twice_keeps_its_order(hits: list[Hit]) -> None:
    fused = rrf({"lexical": hits, "dense": hits}, FusionOptions())
    assert [hit.id for hit in fused] == [hit.id for hit in hits]
