"""What the starter set is judged by, as articles: none of them, and nothing like them, may be in its training data."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from indexer.article import Article
from search.evaluation import qrels
from search.training.texts import articles

SCIFACT = "scifact-"
"""Put before SciFact's ids, which are numbers of another register than PubMed's."""


def judged(data: Path) -> Iterator[Article]:
    """The tests' articles and sentences, from the folder of the public collections (README.md says which)."""
    yield from pubmedqa(data / "pubmedqa", "test")
    yield from nfcorpus(data / "nfcorpus")
    yield from scifact_test(data / "scifact")
    yield from sentences(data / "biosses" / "biosses.tsv")


def pubmedqa(folder: Path, part: str) -> Iterator[Article]:
    """PubMedQA's labelled articles, put together again: the 500 of the `test`, or the 500 to `train` on.

    Its files hold an article in pieces: the title, which is a question, the sections and the conclusion.
    """
    entries = json.loads((folder / "ori_pqal.json").read_text(encoding="utf-8"))
    test = json.loads((folder / "test_ground_truth.json").read_text(encoding="utf-8"))
    for pmid, entry in entries.items():
        if (pmid in test) == (part == "test"):
            sections = [*zip(entry["LABELS"], entry["CONTEXTS"], strict=True), ("CONCLUSIONS", entry["LONG_ANSWER"])]
            abstract = " ".join(f"{label}: {text}" for label, text in sections)
            yield Article(id=pmid, pmid=pmid, title=entry["QUESTION"], abstract=abstract)


def nfcorpus(folder: Path) -> Iterator[Article]:
    """All of NFCorpus, under their PMIDs where it tells them: it trains nothing, so that it judges without bias."""
    for article in articles(corpus(folder)):
        url = str(article.extra.get("metadata", {}).get("url", ""))
        pmid = url.rstrip("/").rpartition("/")[2]
        yield Article(id=pmid if pmid.isdecimal() else article.id, title=article.title, abstract=article.abstract)


def scifact_test(folder: Path) -> Iterator[Article]:
    """The articles that answer, or were judged for, SciFact's test claims."""
    ids = {id for grades in qrels.read(folder / "qrels" / "test.tsv").values() for id in grades}
    return (article for article in scifact(folder) if article.id.removeprefix(SCIFACT) in ids)


def scifact(folder: Path) -> Iterator[Article]:
    """All of SciFact's articles."""
    for article in articles(corpus(folder)):
        yield Article(id=SCIFACT + article.id, title=article.title, abstract=article.abstract)


def corpus(folder: Path) -> Path:
    """A BEIR folder's articles, plain or gzip."""
    plain = folder / "corpus.jsonl"
    return plain if plain.is_file() else plain.with_name("corpus.jsonl.gz")


def sentences(file: Path) -> Iterator[Article]:
    """BIOSSES' sentences, each as an article of its own: one that holds it is like it."""
    with file.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
            for side in ("sentence1", "sentence2"):
                yield Article(id=f"biosses-{number}-{side}", abstract=row[side])
