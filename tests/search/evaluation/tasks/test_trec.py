"""Topics and judgements from two files make a task."""

from pathlib import Path

import pytest

from search.errors import BadTask
from search.evaluation.tasks import open_task

from .invented import as_task, trec_files


def test_the_judged_topics_are_asked_by_the_part_wanted(tmp_path: Path) -> None:
    topics, qrels = trec_files(tmp_path)
    task = as_task(open_task(str(topics), qrels=qrels))
    assert task.topics == (("2", "fast snails"),)
    assert task.qrels == {"2": {"d1": 2, "d2": 0}}
    assert (task.name, task.split, task.corpus) == ("topics", "", None)
    assert as_task(open_task(str(topics), qrels=qrels, part="description")).topics == (("2", "How fast?"),)


def test_the_split_is_what_the_user_or_the_file_says(tmp_path: Path) -> None:
    topics, qrels = trec_files(tmp_path)
    assert as_task(open_task(str(topics), qrels=qrels, split="validation")).split == "dev"
    marked = qrels.rename(tmp_path / "nfcorpus.train.qrels")
    task = as_task(open_task(str(topics), qrels=marked))
    assert task.split == "train"
    assert task.source.startswith("NFCorpus")


def test_topics_without_judgements_are_refused(tmp_path: Path) -> None:
    topics, _ = trec_files(tmp_path)
    with pytest.raises(BadTask, match=r"come without judgements. Give their file with --qrels"):
        open_task(str(topics), format="trec")
