import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.article import Article
from onnx_models.encoder import Text
from onnx_models.specs import Similarity
from search.errors import NotForTuning, UnknownMeasure
from search.evaluation.task import Split, Task
from search.evaluation.topics import Topic
from search.training import measuring
from tests.doubles import HashEncoder, ListIndex

pytest.importorskip("ir_measures")


class TableEncoder:
    """The vectors that a test says, by text or title; they may change, as a model in training does."""

    name = fingerprint = "table"
    dimension = 2
    similarity: Similarity = "ip"

    def __init__(self, **vectors: tuple[float, float]) -> None:
        self.vectors = vectors

    def encode(self, texts: Sequence[Text]) -> NDArray[np.float32]:
        keys = [text if isinstance(text, str) else text[0] for text in texts]
        return np.array([self.vectors[key] for key in keys], np.float32).reshape(len(keys), 2)


def task(qrels: dict[str, dict[str, int]], split: Split = "dev") -> Task:
    return Task(name="pumps/dev", topics=tuple(Topic(id, f"query{id}") for id in qrels), qrels=qrels, split=split)


def articles(*ids: str) -> list[Article]:
    return [Article(id=id, title=f"title{id}", abstract=f"text of {id}") for id in ids]


def test_the_mean_ndcg_of_the_ranking_by_inner_product() -> None:
    rehearsed = measuring.rehearsal(task({"1": {"a": 1, "c": 2}, "2": {"b": 1}}), articles("c", "b", "a"))
    query = TableEncoder(query1=(1, 0), query2=(0, 2))
    article = TableEncoder(titlea=(3, 0), titleb=(2, 5), titlec=(1, 9))
    # Topic 1: a 3, b 2, c 1. Gains are grades: DCG = 1/log2(2) + 2/log2(4) = 2, ideal = 2/log2(2) + 1/log2(3).
    # Topic 2: c 18, b 10, a 0: b stands second, DCG = 1/log2(3), ideal = 1.
    expected = (2 / (2 + 1 / math.log2(3)) + 1 / math.log2(3)) / 2
    assert measuring.score(rehearsed, query, article) == pytest.approx(expected, abs=1e-6)


def test_it_follows_the_models_as_they_change() -> None:
    rehearsed = measuring.rehearsal(task({"1": {"a": 1}}), articles("a", "b"))
    article = TableEncoder(titlea=(0, 1), titleb=(1, 0))
    measure = measuring.measure_with(rehearsed, TableEncoder(query1=(1, 0)), article, "P@1")
    assert measure() == 0
    article.vectors["titlea"] = (2, 0)
    assert measure() == 1


def test_equal_scores_stand_by_id() -> None:
    rehearsed = measuring.rehearsal(task({"1": {"b": 1}}), articles("c", "b", "a"))
    same = TableEncoder(query1=(1, 0), titlea=(1, 0), titleb=(1, 0), titlec=(1, 0))
    assert [hit.id for hit in measuring.ranked(rehearsed, same, same)["1"]] == ["a", "b", "c"]


def test_the_ranking_is_that_of_every_inner_product_sorted() -> None:
    encoder, found = HashEncoder(dimension=8), articles(*(f"{number:03}" for number in range(250)))
    rehearsed = measuring.rehearsal(task({"1": {"007": 1}}), found)
    vectors = dict(zip((one.id for one in found), encoder.encode([one.passage for one in found]), strict=True))
    (asked,) = encoder.encode(["query1"])
    brute = sorted(vectors, key=lambda id: (-float(vectors[id] @ asked), id))[:100]
    assert [hit.id for hit in measuring.ranked(rehearsed, encoder, encoder)["1"]] == brute


def test_a_sample_keeps_what_was_judged_and_does_not_depend_on_the_order() -> None:
    found = articles(*(f"{number:03}" for number in range(200)))
    judged = task({"1": {"150": 1, "151": 0}})
    sample = measuring.rehearsal(judged, found, others=20, seed=3)
    assert len(sample.ids) == 22
    assert {"150", "151"} <= set(sample.ids)
    assert measuring.rehearsal(judged, reversed(found), others=20, seed=3) == sample
    assert measuring.rehearsal(judged, found, others=20, seed=4).ids != sample.ids


def test_without_others_the_judged_articles_alone_are_ranked() -> None:
    rehearsed = measuring.rehearsal(task({"1": {"a": 1, "b": 0}}), articles("a", "b", "c", "d"), others=0)
    assert rehearsed.ids == ("a", "b")


def test_articles_without_text_are_left_out() -> None:
    rehearsed = measuring.rehearsal(task({"1": {"a": 1}}), [*articles("a"), Article(id="b")])
    assert rehearsed.ids == ("a",)


def test_test_judgements_are_refused() -> None:
    with pytest.raises(NotForTuning, match=r"'pumps/dev'.*marked as test"):
        measuring.rehearsal(task({"1": {"a": 1}}, "test"), articles("a"))


def test_a_task_whose_articles_are_not_there_is_refused() -> None:
    with pytest.raises(NotForTuning, match="none of the articles"):
        measuring.rehearsal(task({"1": {"a": 1, "b": 0}}), articles("b"))


def test_tasks_that_do_not_search_the_whole_are_refused() -> None:
    seeds = Task(name="like", topics=(Topic("1", "a"),), qrels={"1": {"b": 1}}, by_seed=True)
    with pytest.raises(NotForTuning, match="more than"):
        measuring.rehearsal(seeds, articles("a", "b"))


def test_an_unknown_measure_is_refused_before_training_begins() -> None:
    rehearsed = measuring.rehearsal(task({"1": {"a": 1}}), articles("a"))
    with pytest.raises(UnknownMeasure):
        measuring.measure_with(rehearsed, HashEncoder(), HashEncoder(), "nonsense@3")


def test_articles_come_from_an_index_or_from_the_file_of_a_task(tmp_path: Path) -> None:
    encoder = HashEncoder()
    index = ListIndex(encoder.space)
    writer = index.open_writer()
    writer.write(articles("a", "b"), {})
    writer.commit()
    assert [one.id for one in measuring.articles_in(index.open_reader())] == ["a", "b"]
    file = tmp_path / "corpus.jsonl"
    file.write_text('{"_id": "a", "title": "titlea", "text": "text of a"}\n')
    assert [one.passage for one in measuring.articles_of(file)] == [("titlea", "text of a")]


def test_what_is_rehearsed_is_known_again_by_its_contents() -> None:
    def fingerprint(qrels: dict[str, dict[str, int]], *ids: str) -> str:
        return measuring.rehearsal(task(qrels), articles(*ids)).fingerprint

    first = fingerprint({"1": {"a": 1, "b": 0}}, "a", "b", "c")
    assert fingerprint({"1": {"b": 0, "a": 1}}, "c", "b", "a") == first
    others = (({"1": {"a": 2, "b": 0}}, "abc"), ({"2": {"a": 1, "b": 0}}, "abc"), ({"1": {"a": 1, "b": 0}}, "ab"))
    assert len({first, *(fingerprint(qrels, *ids) for qrels, ids in others)}) == 4
