"""Which settings are tried: each once, the base first, and only those that its mode uses."""

from dataclasses import replace
from typing import Any

import pytest

from search.errors import NothingToTune
from search.evaluation.system import BUILT_IN
from search.evaluation.tuning.grid import Grid, at_edge, boosts_of, require_choice, variants
from search.request import Mode

SMALL = Grid(rrf_k=(10, 60), dense_weights=(0.4, 0.5), depths=(50, 100), boosts=((("mesh_text", 1.0),),))


def test_every_combination_is_tried_once_and_the_base_first() -> None:
    found = variants(BUILT_IN["hybrid"], SMALL)
    # 2 sets of boosts × 2 depths × 2 weights × (2 constants of rrf + interpolate); one of them is the base
    assert len(found) == 2 * 2 * 2 * 3
    assert found[0] == BUILT_IN["hybrid"]
    assert len({system.request for system in found if system.request.fusion == "interpolate"}) == 8


@pytest.mark.parametrize(("mode", "tried"), [("lexical", 2), ("dense", 1)])
def test_a_single_list_has_nothing_to_fuse(mode: Mode, tried: int) -> None:
    assert len(variants(BUILT_IN[mode], SMALL)) == tried


def test_a_base_outside_the_grid_is_tried_too() -> None:
    base = replace(BUILT_IN["hybrid"], request=replace(BUILT_IN["hybrid"].request, depth=7, boosts=(("title", 1.0),)))
    found = variants(base, SMALL)
    assert (found[0], len(found)) == (base, 1 + 24)
    assert boosts_of(base, SMALL) == [(("title", 1.0),), (("mesh_text", 1.0),)]


def test_constants_of_rrf_do_not_multiply_other_fusions() -> None:
    base = replace(BUILT_IN["hybrid"], request=replace(BUILT_IN["hybrid"].request, fusion="interpolate", rrf_k=5))
    same = [one for one in variants(base, SMALL) if one.request.depth == 100 and one.request.dense_weight == 0.5]
    assert [one.request.fusion for one in same if one.request.boosts == ()] == ["interpolate", "rrf", "rrf"]


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("lexical", "'lexical' has nothing to tune: mode 'lexical' fuses no lists.*or give sets of --boosts"),
        ("dense", "'dense' has nothing to tune: mode 'dense' fuses no lists.*start from hybrid"),
    ],
)
def test_one_setting_is_no_choice(mode: Mode, said: str) -> None:
    with pytest.raises(NothingToTune, match=said):
        require_choice(BUILT_IN[mode], Grid())
    require_choice(replace(BUILT_IN[mode], rerank="cross"), Grid())


def test_a_hybrid_of_the_settings_it_has_is_no_choice_either() -> None:
    request = BUILT_IN["hybrid"].request
    base = replace(BUILT_IN["hybrid"], request=replace(request, fusion="rrf", rrf_k=10, depth=50, dense_weight=0.4))
    lone = Grid(rrf_k=(10,), dense_weights=(0.4,), depths=(50,))
    require_choice(base, lone)  # interpolate is another
    assert len(variants(base, lone)) == 2
    require_choice(BUILT_IN["lexical"], SMALL)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"fusion": "rrf", "rrf_k": 30, "dense_weight": 0.7, "depth": 500}, ("depth 500",)),
        (
            {"fusion": "rrf", "rrf_k": 100, "dense_weight": 0.1, "depth": 50},
            ("dense weight 0.1", "depth 50", "rrf k 100"),
        ),
        ({"fusion": "rrf", "rrf_k": 1, "dense_weight": 0.5, "depth": 100}, ()),  # no constant is below 1
        ({"fusion": "interpolate", "rrf_k": 100, "dense_weight": 0.9, "depth": 100}, ("dense weight 0.9",)),
    ],
)
def test_settings_at_the_edge_are_named(changed: dict[str, Any], said: tuple[str, ...]) -> None:
    base = BUILT_IN["hybrid"]
    assert at_edge(replace(base, request=replace(base.request, **changed)), Grid()) == said


def test_a_value_that_is_the_only_one_or_the_last_there_can_be_is_no_edge() -> None:
    base = BUILT_IN["hybrid"]
    for weights in ((0.5,), (0.5, 1.0)):
        system = replace(base, request=replace(base.request, dense_weight=weights[-1]))
        assert at_edge(system, Grid(dense_weights=weights)) == ()
