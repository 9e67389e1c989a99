"""Systems are run by the searcher that users search with, one question at a time."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from indexer.article import Article
from indexer.queries import Hit, PartialHits, Probe
from onnx_models.specs import Similarity
from search.errors import BadSystem
from search.evaluation import experiment, sweep
from search.evaluation.judging import Judging
from search.evaluation.system import BUILT_IN, System
from search.evaluation.task import SentencePairs, Task
from search.evaluation.topics import Topic
from search.filters import Filters
from search.request import SearchRequest
from search.searcher import Searcher
from tests.doubles import HashEncoder, ListIndex, ListReader

ENCODER = HashEncoder()
WORDS = ("otter", "badger", "heron", "newt", "vole", "marten")
ARTICLES = [
    Article(id=str(10 + at), title=f"{WORDS[at % 6]} and {WORDS[at // 6]}", abstract=f"Diet of the {WORDS[at % 6]}.")
    for at in range(30)
]
TASK = Task(
    name="ponds/test",
    topics=(Topic("q1", "otter diet"), Topic("q2", "heron and newt")),
    qrels={"q1": {"10": 2, "16": 1}, "q2": {"15": 1, "20": 1, "29": 0}},
)
SEEDS = replace(TASK, topics=(Topic("s1", "10"), Topic("s2", "absent"), Topic("s3", "bare")), by_seed=True)


def index() -> ListIndex:
    made = ListIndex(ENCODER.space)
    writer = made.open_writer()
    rows = ENCODER.encode([article.passage for article in ARTICLES])
    vectors = {article.id: row for article, row in zip(ARTICLES, rows, strict=True)}
    writer.write([*ARTICLES, Article(id="bare")], vectors)
    writer.commit()
    writer.close()
    return made


@pytest.fixture
def searcher() -> Searcher:
    return Searcher(index().open_reader(), ENCODER)


@pytest.mark.parametrize("name", ["lexical", "dense", "hybrid"])
def test_a_system_answers_as_a_search_with_the_same_settings_does(name: str, searcher: Searcher) -> None:
    outcome = experiment.run(TASK, BUILT_IN[name], searcher)
    assert list(outcome.run) == ["q1", "q2"]
    for topic in TASK.topics:
        response = searcher.search(replace(BUILT_IN[name].request, query=topic.query, limit=100))
        assert [(result.id, result.score) for result in response.results] == outcome.run[topic.id]


def test_candidates_of_a_topic_are_the_only_ones_that_are_ranked(searcher: Searcher) -> None:
    task = replace(TASK, candidates={"q1": ["20", "10", "absent"], "q2": []})
    outcome = experiment.run(task, BUILT_IN["dense"], searcher)
    assert {topic: sorted(hit.id for hit in hits) for topic, hits in outcome.run.items()} == {
        "q1": ["10", "20"],
        "q2": [],
    }


def test_a_system_keeps_its_own_filters_beside_the_candidates(searcher: Searcher) -> None:
    system = System(name="x", request=SearchRequest(query="…", mode="dense", filters=Filters(has_abstract=True)))
    outcome = experiment.run(replace(TASK, candidates={"q1": ["10", "bare"]}), system, searcher)
    assert [hit.id for hit in outcome.run["q1"]] == ["10"]


def test_articles_like_a_seed_are_ranked_as_similar_does_and_the_seed_is_left_out(searcher: Searcher) -> None:
    outcome = experiment.run(replace(SEEDS, candidates={"s1": ["10", "16", "11"]}), BUILT_IN["dense"], searcher)
    response = searcher.similar("10", filters=Filters(ids=("16", "11")))
    assert [hit.id for hit in outcome.run["s1"]] == [result.id for result in response.results]


def test_a_seed_that_cannot_be_compared_is_left_out_and_counted(searcher: Searcher) -> None:
    outcome = experiment.run(SEEDS, BUILT_IN["dense"], searcher)
    assert list(outcome.run) == ["s1"]
    assert outcome.notes == ("Not asked: the index holds no vector of the article that is asked with. (2 topics)",)


@pytest.mark.parametrize("name", ["lexical", "hybrid", "hybrid+rerank"])
def test_a_task_of_seeds_is_refused_to_systems_that_read_questions(name: str, searcher: Searcher) -> None:
    with pytest.raises(BadSystem, match=r"'ponds/test' asks for articles like a given one.*Evaluate 'dense'"):
        experiment.run(SEEDS, BUILT_IN[name], searcher)


class HalfSilent(ListReader):
    """A reader of which a part does not answer."""

    def search(self, probes: Sequence[Probe]) -> list[list[Hit]]:
        return [PartialHits(hits, "One shard of two is silent.") for hits in super().search(probes)]


def test_what_users_would_be_told_is_said_once_with_the_number_of_topics() -> None:
    outcome = experiment.run(TASK, BUILT_IN["hybrid"], Searcher(HalfSilent(index()), ENCODER))
    assert outcome.notes == ("One shard of two is silent. (2 topics)",)


def test_articles_like_one_tell_of_a_silent_part_too() -> None:
    searcher = Searcher(HalfSilent(index()), ENCODER)
    assert searcher.similar("10").notes == ("One shard of two is silent.",)
    assert experiment.run(replace(SEEDS, topics=SEEDS.topics[:1]), BUILT_IN["dense"], searcher).notes == (
        "One shard of two is silent. (1 topic)",
    )


def test_a_system_that_cannot_re_rank_says_so(searcher: Searcher) -> None:
    outcome = experiment.run(TASK, BUILT_IN["hybrid+rerank"], searcher)
    assert outcome.notes == ("Asked to re-rank, but there is no re-ranker to do it. (2 topics)",)


def test_median_and_95th_percentile_are_interpolated_between_topics() -> None:
    # Five values: the median is the third; the 95th percentile lies at rank 1 + .95 × 4 = 4.8, so 4 + .8 × (10 - 4).
    found = experiment.speed([3.0, 1.0, 10.0, 2.0, 4.0])
    assert found.median == 3.0
    assert found.p95 == pytest.approx(8.8)
    assert experiment.speed([]).median == 0.0


def test_stages_of_a_system_are_those_of_a_search(searcher: Searcher) -> None:
    stages = experiment.run(TASK, BUILT_IN["hybrid"], searcher).speed.stages
    assert list(stages) == ["encode", "retrieve", "fuse"]
    assert all(seconds > 0 for seconds in stages.values())


@pytest.mark.parametrize("similarity", ["ip", "cosine"])
def test_sentences_are_compared_as_the_model_compares_vectors(similarity: Similarity) -> None:
    encoder = HashEncoder(similarity="ip")
    pairs = (("otter diet", "otter food"), ("heron", "newt and vole"))
    found = experiment.similarities(SentencePairs(name="s", pairs=pairs, scores=(1.0, 0.0)), encoder, similarity)
    for value, pair in zip(found, pairs, strict=True):
        one, other = encoder.encode(pair)
        length = 1.0 if similarity == "ip" else float(np.linalg.norm(one)) * float(np.linalg.norm(other))
        assert value == pytest.approx(float(one @ other) / length, rel=1e-5)


def test_a_sweep_asks_for_more_and_more_candidates(searcher: Searcher) -> None:
    judging = Judging(measures=("nDCG@10",))
    found = list(sweep.points(TASK, BUILT_IN["dense"], searcher, judging, depths=(1, 5, 30)))
    assert [point.depth for point in found] == [1, 5, 30]
    for point in found:
        asked = BUILT_IN["dense"].request
        hits = {
            topic.id: [
                r.id for r in searcher.search(replace(asked, query=topic.query, depth=point.depth, limit=30)).results
            ]
            for topic in TASK.topics
        }
        relevant = {"q1": {"10", "16"}, "q2": {"15", "20"}}
        assert point.recall == sum(len(relevant[topic] & set(ids)) / 2 for topic, ids in hits.items()) / 2
    assert found[-1].recall == 1.0
