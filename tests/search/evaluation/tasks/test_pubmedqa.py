"""PubMedQA's conclusions, or titles, are questions whose answer is their own article without them."""

from pathlib import Path

import pytest

from search.errors import BadTask
from search.evaluation.tasks import open_task, write_corpus

from .invented import a_pubmedqa_folder, as_task, json_file


def test_a_conclusion_asks_for_its_article(tmp_path: Path) -> None:
    folder = str(a_pubmedqa_folder(tmp_path))
    task = as_task(open_task(folder))
    assert task.topics == (("q1", "Snails can be called slow."), ("q3", "Snails can be called slow."))
    assert task.qrels == {"q1": {"1": 1}, "q3": {"3": 1}}
    assert task.split == "test"
    assert "MIT; known item: the query is an abstract's conclusion" in task.source
    rest = as_task(open_task(folder, split="train"))
    assert (rest.name, rest.split, rest.qrels) == ("pubmedqa/train", "train", {"q2": {"2": 1}})


def test_the_title_can_be_asked_instead(tmp_path: Path) -> None:
    task = as_task(open_task(str(a_pubmedqa_folder(tmp_path)), part="question"))
    assert {topic.query for topic in task.topics} == {"Are snails slow?"}
    assert "the query is an article's title" in task.source


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    folder = str(a_pubmedqa_folder(tmp_path))
    with pytest.raises(BadTask, match=r"no part 'title' to ask. Say answer or question"):
        open_task(folder, part="title")
    with pytest.raises(BadTask, match="no split 'dev'"):
        open_task(folder, split="dev")


@pytest.mark.parametrize(
    ("articles", "test", "said"),
    [
        ([], {}, "maps no PMIDs to articles"),
        ({"1": []}, {"1": "yes"}, "maps no PMIDs to articles"),
        ({"1": {}}, 7, "maps no PMIDs to answers"),
        ({"1": {}}, {"9": "yes"}, r"names PMIDs that ori_pqal\.json lacks: \['9'\]"),
        ({"1": {}}, {}, "has no articles in split 'test'"),
        ({"1": {}}, {"1": "yes"}, "PMID '1' in .* has no LONG_ANSWER"),
    ],
)
def test_files_that_are_not_pubmedqas_are_refused(tmp_path: Path, articles: object, test: object, said: str) -> None:
    folder = a_pubmedqa_folder(tmp_path)
    json_file(folder / "ori_pqal.json", articles)
    json_file(folder / "test_ground_truth.json", test)
    with pytest.raises(BadTask, match=said):
        open_task(str(folder))


def test_sections_without_their_labels_are_refused_and_leave_no_file(tmp_path: Path) -> None:
    folder = a_pubmedqa_folder(tmp_path)
    json_file(folder / "ori_pqal.json", {"1": {"CONTEXTS": ["a"], "LABELS": []}})
    with pytest.raises(BadTask, match=r"PMID '1' .*: CONTEXTS and LABELS do not pair up"):
        write_corpus(str(folder), tmp_path / "corpus.jsonl")
    assert [path.name for path in tmp_path.iterdir()] == ["pubmedqa"]
