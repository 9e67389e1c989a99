"""BioASQ's JSON: questions with the addresses of the articles that answer them (Tsatsaronis et al., 2015)."""

import re
from typing import Any

from search.errors import BadTask
from search.evaluation import files
from search.evaluation.task import Task
from search.evaluation.tasks.asked import Asked, split_of, stem
from search.evaluation.tasks.sources import SOURCES
from search.evaluation.topics import Topic

LOOKS_LIKE = 'a JSON file with "questions", each with "id", "body" and "documents"'

_PMID = re.compile(r"(?:.*(?:/pubmed/|pubmed\.ncbi\.nlm\.nih\.gov/))?([0-9]+)/?\s*")


def recognises(asked: Asked) -> bool:
    """Whether it is a JSON object that opens with its questions."""
    return re.match(r'\s*\{.*?"questions"\s*:', files.head(asked.path), re.DOTALL) is not None


def read(asked: Asked) -> Task:
    """The questions that have documents; each of these is relevant (grade 1), and its PMID is its id.

    Snippets, answers and concepts are not read.

    Raises:
        BadTask: not BioASQ's JSON, an id that comes twice, an address without a PMID, or no question with documents.
    """
    stored = files.json(asked.path, "BioASQ", BadTask)
    questions = stored.get("questions") if isinstance(stored, dict) else None
    if not isinstance(questions, list):
        raise BadTask(f'{asked.place!r} has no list of "questions", so it is not BioASQ\'s JSON.')
    topics: dict[str, Topic] = {}
    qrels: dict[str, dict[str, int]] = {}
    for number, question in enumerate(questions, start=1):
        topic, documents = _question(question, f"Question {number} of {asked.place!r}")
        if topic.id in topics:
            raise BadTask(f"Question {number} of {asked.place!r}: id {topic.id!r} comes twice.")
        topics[topic.id] = topic
        if documents:
            qrels[topic.id] = dict.fromkeys(documents, 1)
    if not qrels:
        raise BadTask(f'No question of {asked.place!r} has "documents": a test batch without its golden answers?')
    return Task(
        name=stem(asked.path),
        topics=tuple(topics[id] for id in qrels),
        qrels=qrels,
        split=split_of(asked, asked.path),
        source=SOURCES["bioasq"],
    )


def _question(question: Any, where: str) -> tuple[Topic, list[str]]:
    stored = question if isinstance(question, dict) else {}
    id, body, documents = stored.get("id"), stored.get("body"), stored.get("documents", [])
    if not isinstance(id, str) or not files.is_id(id):
        raise BadTask(f'{where}: its "id" is {id!r}, which is no text without spaces.')
    if not isinstance(body, str) or not body.strip():
        raise BadTask(f'{where} ({id!r}): its "body" is {body!r}. A question needs words.')
    if not isinstance(documents, list):
        raise BadTask(f'{where} ({id!r}): its "documents" are {documents!r}, which is no list.')
    return Topic(id, body.strip()), [_pmid(address, f"{where} ({id!r})") for address in documents]


def _pmid(address: Any, where: str) -> str:
    found = _PMID.fullmatch(address) if isinstance(address, str) else None
    if found is None:
        raise BadTask(f"{where}: document {address!r} is no PubMed address, such as .../pubmed/90000001.")
    return found[1]
