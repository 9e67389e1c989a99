"""What is no negative, against a loop that says it in words."""

import string

from hypothesis import given
from hypothesis import strategies as st

from onnx_models.training.masking import Asked, false_negatives

ids = st.sampled_from(string.ascii_lowercase[:6])
asked = st.builds(
    Asked,
    query_id=st.sampled_from(["q1", "q2", "q3", "q4"]),
    query=st.sampled_from(["statins", "aspirin and sleep", "asthma"]),
    positive=ids,
    known=st.frozensets(ids, max_size=3),
)


@given(st.lists(asked, min_size=1, max_size=6), st.lists(ids, max_size=5))
def test_a_pair_is_masked_where_the_article_may_answer_the_query(rows: list[Asked], further: list[str]) -> None:
    columns = [row.positive for row in rows] + further
    found = false_negatives(rows, columns)
    assert found.shape == (len(rows), len(columns))
    for i, row in enumerate(rows):
        for j, article in enumerate(columns):
            same_query = j < len(rows) and (row.query_id == rows[j].query_id or row.query == rows[j].query)
            expected = i != j and (article == row.positive or article in row.known or same_query)
            assert bool(found[i, j]) == expected


def test_strangers_stay_negatives() -> None:
    rows = [Asked(f"q{n}", f"query {n}", f"a{n}", frozenset({f"a{n}"})) for n in range(3)]
    assert not false_negatives(rows, ["a0", "a1", "a2", "n0"]).any()
