"""Real collections have as many topics, judgements and pairs as those who keep them say."""

import os
from pathlib import Path

import orjson
import pytest

from indexer import sources
from indexer.article import Article
from indexer.order import Stamp
from search.evaluation import topics
from search.evaluation.tasks import open_task, write_corpus

from .invented import as_pairs, as_task

if "BIOCPT_DATA" not in os.environ:
    pytest.skip("BIOCPT_DATA names no folder of real collections", allow_module_level=True)

DATA = Path(os.environ["BIOCPT_DATA"])


@pytest.mark.parametrize(
    ("collection", "split", "judged", "judgements"),
    [
        ("scifact", "test", 300, 339),
        ("scifact", "train", 809, 919),
        ("nfcorpus", "dev", 324, 11_385),
        pytest.param("nfcorpus", "train", 2_590, 110_575, marks=pytest.mark.slow),
    ],
)
def test_beir_folders_have_the_published_counts(collection: str, split: str, judged: int, judgements: int) -> None:
    task = as_task(open_task(str(DATA / collection), split=split))
    assert len(task.topics) == len(task.qrels) == judged
    assert sum(map(len, task.qrels.values())) == judgements
    assert task.split == split
    assert task.source
    assert task.corpus == DATA / collection / "corpus.jsonl.gz"


def test_biosses_has_a_hundred_pairs_scored_from_zero_to_four() -> None:
    task = as_pairs(open_task(str(DATA / "biosses" / "biosses.tsv")))
    assert len(task.pairs) == len(task.scores) == 100
    assert (min(task.scores), max(task.scores)) == (0, 4)


def test_pubmedqa_asks_for_its_five_hundred_test_articles_of_a_thousand(tmp_path: Path) -> None:
    task = as_task(open_task(str(DATA / "pubmedqa")))
    assert len(task.topics) == 500
    assert write_corpus(str(DATA / "pubmedqa"), tmp_path / "corpus.jsonl") == 1_000
    ids = [
        record.id for record in sources.read(tmp_path / "corpus.jsonl", Stamp(2026, 1)) if isinstance(record, Article)
    ]
    assert len(ids) == 1_000
    assert {id for grades in task.qrels.values() for id in grades} <= set(ids)


def test_the_medlars_collection_is_read_once_it_is_in_trecs_form(tmp_path: Path) -> None:
    """It lies as `Qn text` and `Qn document`, which is neither form of TREC's, so both are rewritten here."""

    def lines(name: str) -> list[str]:
        return (DATA / "med_collection" / name).read_text(encoding="utf-8").splitlines()

    asked, qrels = tmp_path / "topics.tsv", tmp_path / "qrels.txt"
    asked.write_text("\n".join(line.replace(" ", "\t", 1) for line in lines("queries.txt")))
    pairs = [line.split() for line in lines("qrels.txt")]
    qrels.write_text("".join(f"{topic} 0 {document} 1\n" for topic, document in pairs))
    task = as_task(open_task(str(asked), qrels=qrels))
    ids = {str(orjson.loads(line)["id"]) for line in lines("docs.jsonl")}
    assert (len(ids), len(task.topics), sum(map(len, task.qrels.values()))) == (1_033, 30, 696)
    assert {id for grades in task.qrels.values() for id in grades} <= ids
    assert len(topics.read(asked)) == 30
