"""BioASQ's questions and the PMIDs of their documents are read; its snippets are not."""

from pathlib import Path

import pytest

from search.errors import BadTask
from search.evaluation.tasks import open_task

from .invented import a_bioasq_file, as_task, json_file


def test_documents_become_pmids_of_grade_one(tmp_path: Path) -> None:
    task = as_task(open_task(str(a_bioasq_file(tmp_path))))
    assert task.topics == (("5a1", "Do snails sleep?"),)
    assert task.qrels == {"5a1": {"90000001": 1, "90000002": 1, "90000003": 1}}
    assert task.split == "train"
    assert task.source.startswith("BioASQ")


GOOD = {"id": "q", "body": "?", "documents": ["http://www.ncbi.nlm.nih.gov/pubmed/1"]}


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ([], 'has no list of "questions"'),
        ({"questions": {}}, 'has no list of "questions"'),
        ({"questions": [GOOD, GOOD]}, "Question 2 .*: id 'q' comes twice"),
        ({"questions": [GOOD, "?"]}, 'Question 2 .*: its "id" is None'),
        ({"questions": [{**GOOD, "id": "a b"}]}, "Question 1 .* is 'a b', which is no text without spaces"),
        ({"questions": [{**GOOD, "body": " "}]}, r"Question 1 .* \('q'\): its \"body\" is ' '"),
        ({"questions": [{**GOOD, "documents": "x"}]}, "\"documents\" are 'x', which is no list"),
        ({"questions": [{**GOOD, "documents": ["http://x.org/PMC12"]}]}, "document 'http://x.org/PMC12' is no PubMed"),
        ({"questions": [{**GOOD, "documents": [7]}]}, "document 7 is no PubMed address"),
        ({"questions": [{"id": "q", "body": "?"}]}, 'No question .* has "documents"'),
    ],
)
def test_a_question_that_is_none_is_named(tmp_path: Path, stored: object, said: str) -> None:
    with pytest.raises(BadTask, match=said):
        open_task(str(json_file(tmp_path / "b.json", stored)), format="bioasq")


def test_a_file_that_is_not_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_text('{"questions": [')
    with pytest.raises(BadTask, match="is not JSON"):
        open_task(str(path))
