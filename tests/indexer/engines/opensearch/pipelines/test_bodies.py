"""Bodies of pipelines: marked as ours, for one index, and read back."""

import pytest

from indexer.engines.opensearch.pipelines.bodies import (
    KINDS,
    Making,
    Weighing,
    body,
    is_ours,
    name_of,
    replaced_by,
    version_of,
)

EVEN = Making(
    weighing=Weighing(rank_constant=60, dense_weight=0.5),
    models={role: f"id-of-{role}" for role in ("query", "vector", "rewrite", "rerank")},
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_says_whose_it_is_and_for_which_index(kind: str) -> None:
    made = body("pubmed", kind, EVEN)
    assert is_ours(made, "pubmed")
    assert not is_ours(made, "pub")
    assert not is_ours(made, "pubmed2")
    assert version_of(made) >= 1
    assert name_of("pubmed", kind) == f"pubmed-{kind}"


@pytest.mark.parametrize("theirs", [{}, {"description": "for the index pubmed."}, {"description": None}])
def test_what_does_not_say_so_is_not_ours(theirs: dict[str, object]) -> None:
    assert not is_ours(theirs, "pubmed")
    assert (version_of(theirs), replaced_by(theirs)) == (0, "")


@pytest.mark.parametrize("name", ["theirs", "it's 'quoted'", "a. b."])
def test_the_default_that_is_replaced_is_remembered(name: str) -> None:
    made = body("pubmed", "rrf", EVEN, replaced=name)
    assert replaced_by(made) == name
    assert is_ours(made, "pubmed")
    assert replaced_by(body("pubmed", "rrf", EVEN)) == ""


def test_weights_stand_in_the_order_of_the_hybrid_query_words_first() -> None:
    weighing = Weighing(rank_constant=20, dense_weight=0.75)
    assert body("pubmed", "rrf", Making(weighing=weighing))["phase_results_processors"] == [
        {
            "score-ranker-processor": {
                "combination": {"technique": "rrf", "rank_constant": 20, "parameters": {"weights": [0.25, 0.75]}}
            }
        }
    ]
    (fusing,) = body("pubmed", "min-max", Making(weighing=weighing))["phase_results_processors"]
    assert fusing["normalization-processor"]["combination"]["parameters"] == {"weights": [0.25, 0.75]}


def test_the_constant_of_ranks_stands_where_the_server_reads_it() -> None:
    """At 2.19 it is passed over without a word in the place where 3.1 and later read it."""
    weighing = Weighing(rank_constant=20, dense_weight=0.5)
    combinations = []
    for release in ((2, 19), (3, 1)):
        (ranking,) = body("pubmed", "rrf", Making(weighing=weighing, release=release))["phase_results_processors"]
        combinations.append(ranking["score-ranker-processor"]["combination"])
    old, new = combinations
    assert old == {"technique": "rrf", "parameters": {"rank_constant": 20}}
    assert new == {"technique": "rrf", "rank_constant": 20}


def test_equal_weights_of_ranks_are_left_out_for_servers_that_know_none() -> None:
    (ranking,) = body("pubmed", "rrf", EVEN)["phase_results_processors"]
    assert "parameters" not in ranking["score-ranker-processor"]["combination"]


def test_weights_are_never_whole_numbers_which_a_server_cannot_read() -> None:
    assert [type(weight) for weight in Weighing(rank_constant=60, dense_weight=1).weights] == [float, float]
