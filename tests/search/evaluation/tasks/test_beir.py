"""A BEIR folder gives the topics that a split judges."""

import gzip
from pathlib import Path

import pytest

from search.errors import BadTask
from search.evaluation.tasks import open_task

from .invented import a_beir_folder, as_task


def test_a_split_has_the_topics_that_it_judges(tmp_path: Path) -> None:
    folder = a_beir_folder(tmp_path)
    task = as_task(open_task(str(folder), split="test"))
    assert (task.name, task.split, task.source) == ("beir/test", "test", "")
    assert task.topics == (("2", "snail 2"),)
    assert task.qrels == {"2": {"d1": 1}}
    assert task.corpus == folder / "corpus.jsonl"


def test_every_file_may_be_packed(tmp_path: Path) -> None:
    folder = a_beir_folder(tmp_path)
    plain = as_task(open_task(str(folder), split="train"))
    for file in [path for path in folder.rglob("*") if path.is_file()]:
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    packed = as_task(open_task(str(folder), split="train"))
    assert (packed.topics, packed.qrels, packed.split) == (plain.topics, plain.qrels, "train")
    assert packed.corpus == folder / "corpus.jsonl.gz"


def test_the_only_split_need_not_be_named(tmp_path: Path) -> None:
    task = as_task(open_task(str(a_beir_folder(tmp_path, ("dev",)))))
    assert (task.name, task.split) == ("beir/dev", "dev")


def test_of_several_splits_one_must_be_named(tmp_path: Path) -> None:
    folder = str(a_beir_folder(tmp_path))
    with pytest.raises(BadTask, match=r"has the splits test, train\. Say which one, with --split"):
        open_task(folder)
    with pytest.raises(BadTask, match=r"has no split 'dev'\. It has test, train\."):
        open_task(folder, split="dev")


def test_other_judgements_can_be_given(tmp_path: Path) -> None:
    qrels = tmp_path / "mine.dev.qrels"
    qrels.write_text("3 0 d1 2\n")
    task = as_task(open_task(str(a_beir_folder(tmp_path)), qrels=qrels))
    assert (task.name, task.split, task.qrels, task.topics[0].id) == ("beir", "dev", {"3": {"d1": 2}}, "3")


def test_judged_topics_without_a_question_are_named(tmp_path: Path) -> None:
    folder = a_beir_folder(tmp_path)
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n2\td1\t1\n8\td1\t1\n")
    with pytest.raises(BadTask, match=r"1 of the 2 judged topics have no question in '.*queries.jsonl': '8'\."):
        open_task(str(folder), split="test")
    rows = "".join(f"t{number}\td1\t1\n" for number in range(7))
    (folder / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{rows}")
    with pytest.raises(BadTask, match=r"7 of the 7 .*: 't0', 't1', 't2', 't3', 't4', …"):
        open_task(str(folder), split="test")


def test_a_folder_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTask, match=r"has no <split>\.tsv"):
        open_task(str(a_beir_folder(tmp_path, ())))
    with pytest.raises(BadTask, match=r"has no queries\.jsonl"):
        open_task(str(tmp_path), format="beir")
