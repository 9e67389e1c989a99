from collections.abc import Sequence
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from indexer.queries import Hit
from search.evaluation.losses import FOUND, STAGES, lost
from search.evaluation.measures import score
from search.fusion import FUSIONS, FusionOptions
from search.request import SearchRequest
from search.reranking import Reranked, rerank
from search.response import Ranking

REQUEST = SearchRequest(query="ferries")


def listed(ids: str) -> list[Hit]:
    """One hit a letter, scores falling."""
    return [Hit(id, 1 / rank) for rank, id in enumerate(ids, start=1)]


def ranking(*, fused: str, order: str | None = None, read: str = "", **lists: str) -> Ranking:
    reranked = Reranked(listed(order or fused), listed(read))
    found = {name: listed(ids) for name, ids in lists.items()}
    return Ranking(request=REQUEST, lists=found, fused=listed(fused), reranked=reranked)


def stage_of(article: str, made: Ranking, *, k: int = 2, held: str | None = None) -> str:
    """The one stage that counts it."""
    found = lost("x", {"t": made}, {"t": {article: 1}}, k=k, held=None if held is None else set(held))
    (stage,) = [stage for stage, count in found.stages.items() if count]
    return stage


# Depth 5, top 2, and a re-ranker that read the first four: b and e came up, c and a fell out, f was not read.
HYBRID = ranking(lexical="ecafg", dense="cabhi", fused="caebf", order="becaf", read="beca")


@pytest.mark.parametrize(
    ("article", "expected"),
    [
        ("z", "in no list"),
        ("g", "only lexical, fused out"),
        ("h", "only dense, fused out"),
        ("f", "below the cut"),
        ("a", "re-ranked down"),
        ("b", "found by dense alone"),
        ("e", "found by lexical alone"),
    ],
)
def test_each_article_is_lost_at_one_stage(article: str, expected: str) -> None:
    assert stage_of(article, HYBRID) == expected


def test_an_article_that_both_lists_had_low_can_be_fused_out() -> None:
    assert stage_of("c", ranking(lexical="ac", dense="bc", fused="ab")) == "in both, fused out"


def test_an_article_that_the_re_ranker_read_and_left_below() -> None:
    made = ranking(lexical="abc", dense="abc", fused="abc", order="bac", read="bac")
    assert stage_of("c", made) == "not re-ranked up"


def test_an_article_that_the_re_ranker_brought_up_is_found() -> None:
    assert stage_of("c", ranking(lexical="abc", dense="abc", fused="abc", order="cab", read="cab")) == "found by both"


def test_an_article_that_the_index_lacks_is_told_apart_where_it_is_known() -> None:
    assert stage_of("z", HYBRID, held="abcdefghi") == "not indexed"
    assert stage_of("z", HYBRID, held="abcdefghiz") == "in no list"


def test_one_list_has_nothing_fused_out_and_nothing_re_ranked() -> None:
    alone = ranking(lexical="abcd", fused="abcd")
    found = lost("lexical", {"t": alone}, {"t": dict.fromkeys("abcz", 1)}, k=2)
    assert {stage: count for stage, count in found.stages.items() if count} == {
        "in no list": 1,
        "below the cut": 1,
        "found by lexical alone": 2,
    }


def test_what_was_lost_is_listed_by_topic_and_what_was_found_is_not() -> None:
    found = lost(
        "hybrid", {"t": HYBRID, "u": HYBRID, "v": HYBRID}, {"t": {"z": 1, "g": 2, "b": 1, "q": 1}, "u": {"b": 1}}
    )
    assert found.topics == {"t": {"in no list": ("z", "q"), "only lexical, fused out": ("g",)}}
    assert found.relevant == 5


def test_grades_of_zero_and_below_were_not_to_be_found() -> None:
    assert lost("x", {"t": HYBRID}, {"t": {"z": 0, "y": -1}}).relevant == 0


def test_topics_that_were_not_asked_are_not_counted() -> None:
    assert lost("x", {"t": HYBRID}, {"t": {"b": 1}, "u": {"b": 1}}).relevant == 1


def test_the_topics_own_article_takes_no_place() -> None:
    seeded = ranking(dense="tab", fused="tab")
    found = lost("dense", {"t": seeded}, {"t": {"b": 1}}, k=2)
    assert found.stages["found by dense alone"] == 1


def test_every_stage_is_there_in_the_order_of_a_search_and_explained() -> None:
    found = lost("x", {"t": HYBRID}, {"t": {"b": 1}})
    assert tuple(found.stages) == tuple(STAGES)
    assert all(meaning.endswith(".") for meaning in STAGES.values())


class LetterReranker:
    """Scores a passage by its title's place in `order`."""

    kind: Literal["cross", "late"] = "cross"
    name = "letters"

    def __init__(self, order: Sequence[str]) -> None:
        self._order = order

    def score(self, query: str, passages: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        return np.array([-self._order.index(title) for title, _ in passages], np.float32)


LETTERS = "abcdefghijklt"
some = st.lists(st.sampled_from(LETTERS), unique=True)


@st.composite
def rankings(draw: st.DrawFn) -> Ranking:
    """What a search gives: lists to a depth, the real fusions, the real re-ranking of a window."""
    depth = draw(st.integers(1, 8))
    names = draw(st.sampled_from([("lexical",), ("dense",), ("lexical", "dense")]))
    lists = {name: listed("".join(draw(some)))[:depth] for name in names}
    fusion = FUSIONS[draw(st.sampled_from(sorted(FUSIONS)))]
    fused = fusion(lists, FusionOptions())[:depth] if len(lists) > 1 else lists[names[0]]
    window = draw(st.integers(0, 8))
    passages = [(hit.id, "") for hit in fused[:window]]
    reranked = rerank("ferries", fused, passages, LetterReranker(draw(st.permutations(LETTERS))), 1.0)
    return Ranking(request=REQUEST, lists=lists, fused=fused, reranked=reranked)


@settings(max_examples=50)
@given(
    st.dictionaries(st.sampled_from("tuv"), rankings(), min_size=1),
    st.dictionaries(st.sampled_from("tuv"), st.dictionaries(st.sampled_from(LETTERS), st.integers(-1, 2))),
    st.integers(1, 6),
    st.none() | st.sets(st.sampled_from(LETTERS)),
)
def test_the_stages_add_up_to_the_relevant_articles_and_the_found_ones_to_trec_evals_recall(
    made: dict[str, Ranking], qrels: dict[str, dict[str, int]], k: int, held: set[str] | None
) -> None:
    found = lost("x", made, qrels, k=k, held=held)
    relevant = {topic: sum(grade > 0 for grade in qrels.get(topic, {}).values()) for topic in made}
    assert sum(found.stages.values()) == found.relevant == sum(relevant.values())
    listed_as_lost = sum(len(ids) for stages in found.topics.values() for ids in stages.values())
    in_top = sum(found.stages[stage] for stage in FOUND)
    assert listed_as_lost + in_top == found.relevant
    judged = {topic: grades for topic, grades in qrels.items() if grades and topic in made}
    if judged:
        runs = {topic: one.reranked.order for topic, one in made.items()}
        recall = score(runs, judged, [f"R@{k}"])[f"R@{k}"]
        assert in_top == pytest.approx(sum(recall[topic] * relevant[topic] for topic in judged))


def test_the_top_is_ten_unless_asked_otherwise() -> None:
    alone = ranking(lexical="abcdefghijk", fused="abcdefghijk")
    assert lost("x", {"t": alone}, {"t": {"j": 1, "k": 1}}).topics == {"t": {"below the cut": ("k",)}}
