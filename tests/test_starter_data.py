"""What the starter set may be trained on, by invented collections: nothing that models are judged by comes through."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from indexer.article import Article
from onnx_models.training.dataset import open_dataset
from search.evaluation.task import Task
from search.evaluation.tasks import open_task
from starter import data as starter
from starter import judged
from tests.onnx_models import checkpoints

WORDS = checkpoints.WORDS.split()


def text(seed: str, words: int = 40) -> str:
    return " ".join(random.Random(seed).choices(WORDS, k=words)).capitalize() + "."


def sections(seed: str) -> str:
    return f"AIMS: {text(seed + 'a', 20)} RESULTS: {text(seed + 'r')} CONCLUSIONS: {text(seed + 'c', 12)}"


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(lines.encode()) if path.suffix == ".gz" else lines.encode())


def record(pmid: str, **others: Any) -> dict[str, Any]:
    return {"pmid": pmid, "title": f"The trial of {text(pmid, 7)}", "abstract": sections(pmid), **others}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two articles a collection, and a pool that holds some of them again: by id, by title, by text."""
    folder = tmp_path / "data"
    entries = {
        pmid: {
            "QUESTION": f"Does {text(pmid, 8)}",
            "LABELS": ["AIMS", "RESULTS"],
            "CONTEXTS": [text(pmid + "1", 20), text(pmid + "2", 30)],
            "LONG_ANSWER": text(pmid + "3", 15),
        }
        for pmid in ("901", "902")
    }
    (folder / "pubmedqa").mkdir(parents=True)
    (folder / "pubmedqa" / "ori_pqal.json").write_text(json.dumps(entries))
    (folder / "pubmedqa" / "test_ground_truth.json").write_text(json.dumps({"902": "yes"}))
    url = {"url": "http://www.ncbi.nlm.nih.gov/pubmed/903"}
    write(folder / "nfcorpus" / "corpus.jsonl.gz", [{"_id": "MED-1", "title": "", "text": text("nf"), "metadata": url}])
    claims = [{"_id": f"{n}", "text": f"Claim {n} on {text(f'claim{n}', 6)}"} for n in range(12)]
    write(folder / "scifact" / "queries.jsonl", claims)
    write(
        folder / "scifact" / "corpus.jsonl.gz",
        [{"_id": f"{n}", "title": f"On {text(f's{n}', 6)}", "text": text(f"sci{n}", 30)} for n in range(12)],
    )
    (folder / "scifact" / "qrels").mkdir()
    head = "query-id\tcorpus-id\tscore\n"
    train = head + "".join(f"{n}\t{n}\t1\n" for n in range(11)) + "0\t11\t1\n"
    (folder / "scifact" / "qrels" / "train.tsv").write_text(train)
    (folder / "scifact" / "qrels" / "test.tsv").write_text(f"{head}11\t11\t1\n11\t10\t1\n")
    (folder / "biosses").mkdir()
    pairs = f"id\tsentence1\tsentence2\tmean\n1\t{text('b1', 15)}\t{text('b2', 15)}\t3\n"
    (folder / "biosses" / "biosses.tsv").write_text(pairs)
    write(
        folder / "pool" / "pubmed_pool.jsonl.gz",
        [
            *(record(f"{n}") for n in range(100, 130)),
            record("901"),
            record("902"),
            record("903"),
            record("200", sources=["ebm_nlp_tok"]),
            record("201", sources=["ebm_nlp_tok", "pubmed_xml"]),
            {**record("202"), "abstract": ""},
            {**record("203"), "title": entries["902"]["QUESTION"]},
            {**record("204"), "abstract": f"{text('204', 10)} {text('b2', 15)} {text('205', 10)}"},
            {**record("206"), "abstract": text("nf").upper()},
            {**record("207"), "abstract": text("sci11", 30)},
        ],
    )
    return folder


def made(data: Path, out: Path, **options: Any) -> dict[str, Any]:
    return starter.make(data, [data / "pool" / "pubmed_pool.jsonl.gz"], out, **options)


def ids(path: Path) -> set[str]:
    return {json.loads(line)["_id"] for line in path.read_text().splitlines()}


def test_nothing_that_models_are_judged_by_is_trained_on(data: Path, tmp_path: Path) -> None:
    counts = made(data, tmp_path / "out", held_out=8)
    kept = ids(tmp_path / "out" / "articles.jsonl")
    assert counts["articles"]["removed"] == {
        "repeated": 1,  # 901 is PubMedQA's own
        "tokenised": 1,
        "without title or abstract": 1,
        "excluded by id": 2,  # 902 and 903
        "excluded by title": 1,  # 203
        "excluded by text": 3,  # 204 holds a sentence of BIOSSES, 206 is NFCorpus's text, 207 answers a test claim
    }
    assert kept < {"901", "201", *(f"{n}" for n in range(100, 130))}
    assert len(kept) == counts["articles"]["to train on"] == 32 - 8


def test_articles_held_out_are_asked_for_by_their_titles_and_not_trained_on(data: Path, tmp_path: Path) -> None:
    counts = made(data, tmp_path / "out", held_out=8)
    assert counts["titles"] == {"to find": 8, "dev": 2, "test": 2, "near-duplicates removed": 0}
    held = ids(tmp_path / "out" / "titles" / "corpus.jsonl")
    assert not held & ids(tmp_path / "out" / "articles.jsonl")
    parts = [open_task(str(tmp_path / "out" / "titles"), split=split) for split in ("dev", "test")]
    for part in parts:
        assert isinstance(part, Task)
        assert {id for grades in part.qrels.values() for id in grades} <= held
    assert not {topic.query for topic in parts[0].topics} & {topic.query for topic in parts[1].topics}  # type: ignore[union-attr]


def test_claims_whose_articles_a_test_has_are_left_out(data: Path, tmp_path: Path) -> None:
    counts = made(data, tmp_path / "out", held_out=8)
    # Articles 10 and 11 answer a test claim: claim 10 loses its only one, claim 0 keeps article 0.
    assert counts["scifact"]["claims removed, as their articles were"] == 1
    assert (counts["scifact"]["dev"], counts["scifact"]["train"]) == (1, 9)
    train, dev = (open_task(str(tmp_path / "out" / "scifact"), split=split) for split in ("train", "dev"))
    assert isinstance(train, Task)
    assert isinstance(dev, Task)
    assert not set(train.qrels) & set(dev.qrels)
    found = {id for task in (train, dev) for grades in task.qrels.values() for id in grades}
    assert found == {f"scifact-{n}" for n in range(10)}


def test_claims_that_share_their_articles_with_a_test_are_kept_where_that_is_asked_for(
    data: Path, tmp_path: Path
) -> None:
    counts = made(data, tmp_path / "out", held_out=8, shared_evidence=True)
    assert (counts["scifact"]["dev"], counts["scifact"]["train"]) == (1, 10)
    assert counts["articles"]["removed"]["excluded by text"] == 3  # but none of the pool's articles are


def test_what_is_drawn_does_not_depend_on_what_else_is_there(data: Path, tmp_path: Path) -> None:
    made(data, tmp_path / "first", held_out=8)
    pool = data / "pool" / "pubmed_pool.jsonl.gz"
    pool.write_bytes(gzip.compress(gzip.decompress(pool.read_bytes()) + json.dumps(record("300")).encode() + b"\n"))
    made(data, tmp_path / "second", held_out=8)
    first, second = (ids(tmp_path / name / "titles" / "corpus.jsonl") for name in ("first", "second"))
    assert len(first & second) >= 7


def test_pubmedqas_pieces_are_put_together_as_an_article(data: Path) -> None:
    (found,) = judged.pubmedqa(data / "pubmedqa", "train")
    assert isinstance(found, Article)
    assert found.title.startswith("Does ")
    assert [part.split(":")[0] for part in found.abstract.split(". ")] == ["AIMS", "RESULTS", "CONCLUSIONS"]


def test_an_index_of_an_earlier_run_is_not_added_to(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else articles that are held out now, and were not then, would be trained on."""
    (tmp_path / "out" / "articles").mkdir(parents=True)
    monkeypatch.setattr("sys.argv", ["data.py", "--data", str(data), "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit):
        starter.main()
    assert "has 'articles' of an earlier run" in capsys.readouterr().err


@pytest.mark.slow
def test_the_pairs_are_prepared_by_the_commands_that_everyone_has(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made(data, out, held_out=8)
    told = starter.prepared(out, [out / "judged.jsonl"])
    pairs = list(open_dataset(out / "pairs").pairs(seed=1, epoch=0))
    # 24 titles, 24 conclusions, and 9 claims, of which claim 0 alone could have had two articles.
    assert len(pairs) == told["pairs"] == 24 + 24 + 9
    trained_on = {pair.positive.id for pair in pairs}
    assert not trained_on & ({"902", "903", "203", "204", "206", "207"} | {"scifact-10", "scifact-11"})
    assert not trained_on & ids(out / "titles" / "corpus.jsonl")
