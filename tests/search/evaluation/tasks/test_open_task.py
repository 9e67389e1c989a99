"""A task is opened by what lies at its place, and what cannot be opened is said with what could be."""

import gzip
from pathlib import Path

import orjson
import pytest

from indexer import sources
from indexer.article import Article
from indexer.order import Stamp
from search.errors import BadTask
from search.evaluation.task import Task
from search.evaluation.tasks import FORMATS, brings_articles, open_task, write_corpus
from search.evaluation.tasks.asked import split_named
from search.evaluation.tasks.sources import source_of

from .invented import (
    a_beir_folder,
    a_bioasq_file,
    a_pubmedqa_folder,
    a_relish_table,
    a_sentence_table,
    as_task,
    trec_files,
)


def test_auto_knows_each_format_by_what_lies_there(tmp_path: Path) -> None:
    topics, qrels = trec_files(tmp_path)
    assert open_task(str(a_beir_folder(tmp_path)), split="test").name == "beir/test"
    assert open_task(str(a_pubmedqa_folder(tmp_path))).name == "pubmedqa/test"
    assert open_task(str(a_bioasq_file(tmp_path))).name == "bioasq_training"
    assert open_task(str(a_relish_table(tmp_path))).name == "pairs"
    assert open_task(str(a_sentence_table(tmp_path))).name == "alike"
    assert open_task(str(topics), qrels=qrels).name == "topics"


def test_what_is_in_no_format_is_told_of_all_formats(tmp_path: Path) -> None:
    odd = tmp_path / "odd.bin"
    odd.write_bytes(b"\x00\xff" * 9)
    with pytest.raises(BadTask) as told:
        open_task(str(odd))
    assert "If it holds topics, give their judgements with --qrels." in str(told.value)
    assert all(
        (format.looks_like in str(told.value)) == ("folder" not in format.looks_like) for format in FORMATS.values()
    )
    odd.write_bytes(gzip.compress(b"x" * 999)[:-9])
    for place in (odd, tmp_path):
        with pytest.raises(BadTask, match="in no format that is known"):
            open_task(str(place))


def test_of_a_folder_that_is_no_task_what_it_holds_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadTask, match=r"It holds nothing\. Known are beir: a folder with queries\.jsonl and qrels/"):
        open_task(str(tmp_path))
    (tmp_path / "queries.jsonl").write_text('{"_id": "q1", "text": "Do snails sleep?"}\n', encoding="utf-8")
    with pytest.raises(
        BadTask, match=r"It holds queries\.jsonl\. Known are beir: .*; pubmedqa: [^;]*; or name a file\.$"
    ):
        open_task(str(tmp_path))
    table = a_relish_table(tmp_path)
    with pytest.raises(BadTask, match=rf"is no task, but '{table}' in it is one: name that\.$"):
        open_task(str(tmp_path))


def test_what_is_not_there_or_unknown_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadTask, match="no such file or folder"):
        open_task(str(tmp_path / "none"))
    with pytest.raises(BadTask, match=r"Task format 'csv' is unknown\. Known are auto, beir, "):
        open_task(str(tmp_path), format="csv")


def test_an_option_that_a_format_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTask, match="--qrels means nothing to format 'bioasq'"):
        open_task(str(a_bioasq_file(tmp_path)), qrels=tmp_path / "qrels")
    with pytest.raises(BadTask, match="--split means nothing to format 'sentences'"):
        open_task(str(a_sentence_table(tmp_path)), split="test")


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("test.tsv", "test"),
        ("qrels.beir-v1.0.0-scifact.test", "test"),
        ("8B1_golden.json", "test"),
        ("BioASQ-task9bPhaseB-testset1", "test"),
        ("TestSet.tsv", "test"),
        ("my test-set 2.tsv", "test"),
        ("qrels-testing.txt", "test"),
        ("heldout.tsv", "test"),
        ("held_out.tsv", "test"),
        ("qrels.eval.txt", "test"),
        ("test-collection-train.tsv", "train"),
        ("TestCollection", ""),
        ("latest.txt", ""),
        ("medieval.tsv", ""),
        ("train-and-test", "test"),
        ("training9b.json", "train"),
        ("validation", "dev"),
        ("train-dev", ""),
        ("contest.txt", ""),
    ],
)
def test_words_of_a_name_say_which_part_it_is(name: str, split: str) -> None:
    assert split_named(name) == split


def test_judgements_marked_test_cannot_be_called_otherwise(tmp_path: Path) -> None:
    topics, qrels = trec_files(tmp_path)
    marked = qrels.rename(tmp_path / "qrels.test.txt")
    with pytest.raises(BadTask, match="marked test by its name or its folder's, but split 'dev' was asked"):
        open_task(str(topics), qrels=marked, split="dev")
    with pytest.raises(BadTask, match="Split 'half' is unknown"):
        open_task(str(topics), qrels=marked, split="half")


def test_topics_and_folders_mark_a_test_as_judgements_do(tmp_path: Path) -> None:
    topics, qrels = trec_files(tmp_path)
    marked = topics.rename(tmp_path / "topics.test.txt")
    assert as_task(open_task(str(marked), qrels=qrels)).split == "test"
    (tmp_path / "test").mkdir()
    moved = qrels.rename(tmp_path / "test" / "judged.txt")
    topics = marked.rename(tmp_path / "topics.txt")
    assert as_task(open_task(str(topics), qrels=moved)).split == "test"
    with pytest.raises(BadTask, match="'dev' was asked for"):
        open_task(str(topics), qrels=moved, split="dev")
    (tmp_path / "tests").mkdir()
    assert as_task(open_task(str(topics), qrels=moved.rename(tmp_path / "tests" / "judged.txt"))).split == ""


@pytest.mark.parametrize("name", ["scifact", "SciFact", "beir/scifact/test", "qrels.beir-v1.0.0-scifact.test"])
def test_a_known_collection_says_where_it_comes_from(name: str) -> None:
    assert source_of(name).startswith("SciFact (Wadden et al., EMNLP 2020)")
    assert source_of("beir/trec-covid").startswith("TREC-COVID")
    assert source_of("scifacts") == source_of("my-hospital") == ""


def test_articles_that_cannot_be_indexed_as_they_lie_are_written_as_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "corpus.jsonl"
    folder = str(a_pubmedqa_folder(tmp_path))
    assert write_corpus(folder, file) == 3
    first, *_ = sources.read(file, Stamp(2026, 1))
    assert isinstance(first, Article)
    assert (first.id, first.title, first.abstract) == ("1", "", "AIMS: Snails were timed. RESULTS: They were slow.")
    task = open_task(folder)
    assert isinstance(task, Task)
    written = {orjson.loads(line)["_id"] for line in file.read_bytes().splitlines()}
    assert {id for grades in task.qrels.values() for id in grades} <= written


def test_a_corpus_that_can_be_indexed_as_it_lies_is_not_written_again(tmp_path: Path) -> None:
    with pytest.raises(BadTask, match=r"brings no articles to write: index its corpus\.jsonl"):
        write_corpus(str(a_beir_folder(tmp_path)), tmp_path / "out")


def test_formats_that_write_articles_are_told_from_the_others(tmp_path: Path) -> None:
    topics, _ = trec_files(tmp_path)
    assert brings_articles(str(a_pubmedqa_folder(tmp_path)))
    assert brings_articles("irds:beir/scifact/test")
    assert not brings_articles(str(a_beir_folder(tmp_path)))
    assert not brings_articles(str(topics))  # whose judgements lie elsewhere
    assert not brings_articles(str(topics), format="trec")
