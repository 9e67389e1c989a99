"""Hits made of rows, and their order."""

from hypothesis import given
from hypothesis import strategies as st

from indexer.queries import Hit, best_first, hits_of

scores = st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0, 1.0])
rows = st.lists(st.tuples(st.text(max_size=3), scores))


def test_rows_become_hits_of_ids_and_scores() -> None:
    (hit,) = hits_of([("7", 1.5)])
    assert type(hit) is Hit
    assert (hit.id, hit.score) == ("7", 1.5)
    assert hit == Hit("7", 1.5)


@given(rows)
def test_the_highest_score_comes_first_and_equal_ones_by_id(rows: list[tuple[str, float]]) -> None:
    best = best_first(hits_of(rows))
    assert best == sorted(best, key=lambda hit: (-hit.score, hit.id))
    assert sorted(best) == sorted(rows)
