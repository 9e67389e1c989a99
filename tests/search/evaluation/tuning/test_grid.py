"""Which settings are tried: each once, the base first, and only those that its mode uses."""

from dataclasses import replace

import pytest

from search.evaluation.system import BUILT_IN
from search.evaluation.tuning.grid import Grid, boosts_of, variants
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
