"""PubMedQA's labelled articles as a known-item search: find the article that a conclusion was cut out of.

Its files (Jin et al., EMNLP 2019) hold, for each PMID, an abstract without its conclusion (CONTEXTS), the conclusion
(LONG_ANSWER) and the title, which is a question (QUESTION). The conclusion is the query and the rest of the abstract is
the article: title and conclusion are in no article's text, so no query is answered by its own words.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from search.errors import BadTask
from search.evaluation import files
from search.evaluation.task import Split, Task
from search.evaluation.tasks.asked import Asked
from search.evaluation.tasks.sources import SOURCES
from search.evaluation.topics import Topic

LOOKS_LIKE = "a folder with PubMedQA's ori_pqal.json and test_ground_truth.json"

ARTICLES = "ori_pqal.json"
TEST = "test_ground_truth.json"

PARTS = {
    "": ("LONG_ANSWER", "the query is an abstract's conclusion"),
    "answer": ("LONG_ANSWER", "the query is an abstract's conclusion"),
    "question": ("QUESTION", "the query is an article's title, a question"),
}
"""Part asked for → the field that it is, and what to say of it."""

MEASURES = ("RR@10", "R@1", "R@10")
"""There is one right article a topic."""


def recognises(asked: Asked) -> bool:
    """Whether both files lie in the folder."""
    return (asked.path / ARTICLES).is_file() and (asked.path / TEST).is_file()


def read(asked: Asked) -> Task:
    """The 500 test PMIDs as topics, or with split `train` the others; each topic's one article has its own id.

    So that the article found is not mistaken for the question itself, a topic's id is `q` and the PMID.

    Raises:
        BadTask: a file is not PubMedQA's, or the split or part is unknown.
    """
    if asked.part not in PARTS:
        raise BadTask(f"PubMedQA has no part {asked.part!r} to ask. Say answer or question.")
    field, words = PARTS[asked.part]
    split = _split(asked.split)
    entries = _entries(asked.path)
    pmids = _pmids(asked.path, entries, split)
    return Task(
        name=f"{asked.path.resolve().name}/{split}",
        topics=tuple(Topic(f"q{pmid}", _text(entries, pmid, field, asked.path)) for pmid in pmids),
        qrels={f"q{pmid}": {pmid: 1} for pmid in pmids},
        split=split,
        source=f"{SOURCES['pubmedqa']}; known item: {words}, and the abstract without its conclusion is to be found",
        measures=MEASURES,
    )


def articles(asked: Asked) -> Iterator[dict[str, str]]:
    """All 1,000 articles as BEIR's rows: `_id`, an empty `title`, and the labelled sections as `text`."""
    entries = _entries(asked.path)
    for pmid, entry in entries.items():
        contexts, labels = entry.get("CONTEXTS"), entry.get("LABELS")
        if not isinstance(contexts, list) or not isinstance(labels, list) or len(contexts) != len(labels):
            raise BadTask(f"PMID {pmid!r} in {str(asked.path / ARTICLES)!r}: CONTEXTS and LABELS do not pair up.")
        sections = (f"{label}: {text}" if label else text for label, text in zip(labels, contexts, strict=True))
        yield {"_id": pmid, "title": "", "text": " ".join(sections)}


def _split(name: str) -> Split:
    match name:
        case "" | "test":
            return "test"
        case "train":
            return "train"
    raise BadTask(f"PubMedQA's labelled articles have no split {name!r}. They have test and train.")


def _entries(folder: Path) -> Mapping[str, Mapping[str, Any]]:
    entries = files.json(folder / ARTICLES, "PubMedQA", BadTask)
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise BadTask(f"{str(folder / ARTICLES)!r} is not PubMedQA's: it maps no PMIDs to articles.")
    return entries


def _pmids(folder: Path, entries: Mapping[str, object], split: Split) -> list[str]:
    """The split's PMIDs in the order of the articles' file."""
    test = files.json(folder / TEST, "PubMedQA", BadTask)
    if not isinstance(test, dict):
        raise BadTask(f"{str(folder / TEST)!r} is not PubMedQA's: it maps no PMIDs to answers.")
    unknown = [pmid for pmid in test if pmid not in entries]
    if unknown:
        raise BadTask(f"{str(folder / TEST)!r} names PMIDs that {ARTICLES} lacks: {unknown[:5]!r}.")
    pmids = [pmid for pmid in entries if (pmid in test) == (split == "test")]
    if not pmids:
        raise BadTask(f"{str(folder)!r} has no articles in split {split!r}.")
    return pmids


def _text(entries: Mapping[str, Mapping[str, Any]], pmid: str, field: str, folder: Path) -> str:
    text = entries[pmid].get(field)
    if not isinstance(text, str) or not text.strip():
        raise BadTask(f"PMID {pmid!r} in {str(folder / ARTICLES)!r} has no {field}.")
    return text.strip()
