"""Settings are chosen on some topics and judged on others; a gain of chance is not taken for one."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.article import Article
from indexer.queries import Hit, Lexical, Nearest, PartialHits
from onnx_models.reranker import RerankerKind
from search.errors import NotForTuning, NothingToTune, PartlyAnswered
from search.evaluation import experiment
from search.evaluation.measures import score
from search.evaluation.system import BUILT_IN, System
from search.evaluation.task import Task
from search.evaluation.topics import Topic
from search.evaluation.tuning.choosing import Tuned, require_tunable, tune
from search.evaluation.tuning.grid import Grid, variants
from search.evaluation.tuning.trials import Asked, Trials, ask
from search.searcher import Searcher
from tests.doubles import HashEncoder, ListIndex, ListReader

ENCODER = HashEncoder()
HYBRID = BUILT_IN["hybrid"]
TOPICS = tuple(Topic(f"q{n}", f"question {n}") for n in range(40))
GRID = Grid(rrf_k=(60,), dense_weights=(0.1, 0.5, 0.9), depths=(10,), mixes=(0.0, 0.5, 1.0))
BASE = replace(HYBRID, request=replace(HYBRID.request, depth=10))


class Backwards:
    """A re-ranker that likes what it is given last, and counts what it reads."""

    name = "backwards"
    kind: RerankerKind = "cross"

    def __init__(self) -> None:
        self.read: list[tuple[str, tuple[str, str]]] = []

    def score(self, query: str, passages: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        self.read += [(query, passage) for passage in passages]
        return np.array([float(title) for title, _ in passages], np.float32)


def searcher(reranker: Backwards | None = None) -> Searcher:
    made = ListIndex(ENCODER.space)
    writer = made.open_writer()
    articles = [Article(id=f"d{n}", title=str(n)) for n in range(20)]
    rows = ENCODER.encode([article.passage for article in articles])
    writer.write(articles, {article.id: row for article, row in zip(articles, rows, strict=True)})
    writer.commit()
    return Searcher(made.open_reader(), ENCODER, reranker)


def task(relevant: Sequence[str]) -> Task:
    """One relevant article a topic."""
    qrels = {topic.id: {id: 1} for topic, id in zip(TOPICS, relevant, strict=True)}
    return Task(name="invented/dev", split="dev", topics=TOPICS, qrels=qrels)


def asked(lexical: Sequence[str], dense: Sequence[str]) -> list[Asked]:
    """Every topic answered with these lists."""
    lists = {
        name: [Hit(id, float(10 - at)) for at, id in enumerate(ids)]
        for name, ids in (("lexical", lexical), ("dense", dense))
    }
    return [Asked(topic, (), lists) for topic in TOPICS]


def tuned(judged: Task, base: System, answers: list[Asked], by: Searcher | None = None) -> Tuned:
    trials = Trials(judged, "RR@10", by or searcher(), answers)
    return tune(base, GRID, trials, folds=4)


def test_a_list_that_is_always_right_gets_the_weight_and_the_gain_is_told() -> None:
    found = tuned(task(["d9"] * 40), BASE, asked(["d1", "d2"], ["d9", "d1"]))
    # equal weights: d1 has 1/61 + 1/62 and d9 1/61, so d9 is second; .9 gives d9 1.8/61 against d1's .2/61 + 1.8/62
    assert (found.base_mean, found.best_mean, found.gain) == (0.5, 1.0, 0.5)
    assert found.best.request.dense_weight == 0.9
    assert found.is_better
    assert found.system == found.best
    assert [fold.topics for fold in found.folds] == [10] * 4
    assert {(fold.score, fold.base_score) for fold in found.folds} == {(1.0, 0.5)}


def test_a_gain_that_does_not_hold_out_keeps_the_base() -> None:
    # a coin decides which list is right: whatever wins on some topics wins nothing on others
    coin = np.random.default_rng(3).permutation([True] * 20 + [False] * 20)
    answers = asked(["d1", "d2"], ["d0", "d3"])
    found = tuned(task(["d0" if heads else "d1" for heads in coin]), BASE, answers)
    assert not found.is_better
    assert found.system == BASE


def test_the_held_out_score_is_of_topics_that_had_no_part_in_the_choice() -> None:
    answers = asked(["d1", "d2"], ["d0", "d3"])
    judged = task(["d0" if n % 3 else "d1" for n in range(40)])
    found = tuned(judged, BASE, answers)
    trials = Trials(judged, "RR@10", searcher(), answers)
    by_setting = {one.request: trials.fused(one) for one in variants(BASE, GRID)}
    held_out = sum(fold.score * fold.topics for fold in found.folds)
    assert found.gain == pytest.approx(held_out / 40 - by_setting[BASE.request].mean())
    assert found.best_mean == pytest.approx(max(scores.mean() for scores in by_setting.values()))


def test_settings_score_as_an_evaluation_of_the_system_does() -> None:
    by = searcher()
    judged = task([f"d{n % 20}" for n in range(40)])
    grid = Grid(rrf_k=(5, 60), dense_weights=(0.3, 0.5), depths=(5, 15))
    trials = Trials(judged, "nDCG@10", by, list(ask(judged, HYBRID, grid, by)))
    for system in variants(HYBRID, grid):
        run = experiment.run(judged, system, by).run
        values = score(run, judged.qrels, ["nDCG@10"], complete=True)["nDCG@10"]
        assert trials.fused(system).tolist() == pytest.approx([values[topic.id] for topic in TOPICS])


def test_the_weight_of_the_reranker_is_chosen_and_no_article_is_read_twice() -> None:
    reranker = Backwards()
    base = replace(BASE, rerank="cross", request=replace(BASE.request, rerank_depth=3, rerank_mix=0.0))
    found = tuned(task(["d2"] * 40), base, asked(["d1", "d0", "d2"], ["d1", "d0", "d2"]), searcher(reranker))
    # d1 stands before d0 and d2, which the re-ranker would have as d2, d1, d0: half of each leaves d1 first (.75, .5)
    assert found.base_mean == pytest.approx(1 / 3)
    assert found.best.request.rerank_mix == 1.0
    assert found.gain == pytest.approx(2 / 3)
    assert len(reranker.read) == len(set(reranker.read)) == 40 * 3


def test_a_system_that_would_rerank_but_cannot_is_refused_before_anything_is_asked() -> None:
    base = replace(BASE, name="hybrid+rerank", rerank="auto")
    with pytest.raises(NothingToTune, match=r"'hybrid\+rerank' has nothing to tune: it re-ranks, and no re-ranker"):
        next(ask(task(["d0"] * 40), base, GRID, searcher()))


class Gapped(ListReader):
    """An index of which a part does not answer."""

    def search(self, questions: Sequence[Lexical | Nearest]) -> list[list[Hit]]:
        return [PartialHits(hits, "1 of 3 shards did not answer.") for hits in super().search(questions)]


def test_answers_of_a_part_of_the_index_are_refused() -> None:
    by = searcher()
    index = by.index
    assert isinstance(index, ListReader)
    index.__class__ = Gapped
    with pytest.raises(PartlyAnswered, match=r"Topic 'q0' .* 1 of 3 shards did not answer\. Try again"):
        next(ask(task(["d0"] * 40), BASE, GRID, by))


@pytest.mark.parametrize(
    ("split", "topics", "complaint"),
    [
        ("test", TOPICS, "'invented/dev': its judgements are marked as test"),
        ("dev", TOPICS[:19], "it has 19 topics, and 20"),
    ],
)
def test_test_judgements_and_too_few_topics_are_refused(split: str, topics: tuple[Topic, ...], complaint: str) -> None:
    refused = replace(task(["d0"] * 40), split=split, topics=topics)  # type: ignore[arg-type]
    with pytest.raises(NotForTuning, match=complaint):
        require_tunable(refused, 5)


def test_the_same_seed_gives_the_same_folds_and_another_one_others() -> None:
    judged, answers = task(["d0" if n % 2 else "d1" for n in range(40)]), asked(["d1", "d2"], ["d0", "d3"])
    trials = Trials(judged, "RR@10", searcher(), answers)
    first, again, other = (tune(BASE, GRID, trials, folds=4, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert [fold.base_score for fold in first.folds] != [fold.base_score for fold in other.folds]
