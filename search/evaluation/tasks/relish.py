"""RELISH: articles that their authors compared with sixty others (Brown, Zhou et al., 2019); its JSON, or a table."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from search.errors import BadTask
from search.evaluation import files
from search.evaluation.task import Qrels, Task
from search.evaluation.tasks.asked import Asked, split_of, stem
from search.evaluation.tasks.sources import SOURCES
from search.evaluation.topics import Topic

LOOKS_LIKE = 'a JSON list of "pmid" and "response", or a table `pmid<TAB>pmid<TAB>0, 1 or 2`'

MEASURES = ("nDCG@5", "nDCG@10", "nDCG@15", "AP@5", "AP@10", "AP@15")
"""What the paper on MedCPT gives."""

GRADES = {"relevant": 2, "partial": 1, "irrelevant": 0}

_ROW = re.compile(r"[0-9]+\t[0-9]+\t[012]\s*")
_HEADER = re.compile(r"[^\t0-9]+[0-9]?\t[^\t0-9]+[0-9]?\t[^\t0-9]+\s*")


def recognises(asked: Asked) -> bool:
    """Whether it opens with an answer of the JSON list, or the rows of a table."""
    start = files.head(asked.path)
    if start.lstrip().startswith("["):
        return re.search(r'"response"\s*:\s*\{', start) is not None
    return any(_ROW.fullmatch(line) for line in start.split("\n")[:2])


def read(asked: Asked) -> Task:
    """Each seed article is a topic, and the articles judged for it are the only ones that are ranked.

    Where several people judged one pair, as in the JSON, its grade is the median, of two middle ones the lower.

    Raises:
        BadTask: an entry or a line is wrong, a line contradicts an earlier one, or there is none.
    """
    is_json = files.head(asked.path).lstrip().startswith("[")
    qrels = _from_json(asked) if is_json else _from_table(asked)
    if not qrels:
        raise BadTask(f"{asked.place!r} holds no judgements.")
    return Task(
        name=stem(asked.path),
        topics=tuple(Topic(seed, seed) for seed in qrels),
        qrels=qrels,
        split=split_of(asked, asked.path),
        source=SOURCES["relish"],
        measures=MEASURES,
        candidates={seed: tuple(grades) for seed, grades in qrels.items()},
        by_seed=True,
    )


def _from_json(asked: Asked) -> Qrels:
    judged: dict[str, dict[str, list[int]]] = {}
    for number, answer in enumerate(files.json(asked.path, "RELISH", BadTask), start=1):
        where = f"Entry {number} of {asked.place!r}"
        if not isinstance(answer, dict) or not isinstance(answer.get("response"), dict):
            raise BadTask(f'{where} lacks "response".')
        grades = judged.setdefault(_pmid(answer.get("pmid"), where), {})
        for pmid, grade in _graded(answer["response"], where):
            grades.setdefault(pmid, []).append(grade)
    return {
        seed: {pmid: sorted(votes)[(len(votes) - 1) // 2] for pmid, votes in grades.items()}
        for seed, grades in judged.items()
        if grades
    }


def _graded(response: Mapping[str, Any], where: str) -> Iterator[tuple[str, int]]:
    for name, grade in GRADES.items():
        pmids = response.get(name, [])
        if not isinstance(pmids, list):
            raise BadTask(f"{where}: its {name!r} articles are {pmids!r}, which is no list.")
        for pmid in pmids:
            yield _pmid(pmid, where), grade


def _pmid(value: Any, where: str) -> str:
    if not isinstance(value, str | int) or not str(value).isdecimal():
        raise BadTask(f"{where}: {value!r} is no PMID.")
    return str(value)


def _from_table(asked: Asked) -> Qrels:
    qrels: dict[str, dict[str, int]] = {}
    first: dict[tuple[str, str], int] = {}
    for at, (number, line) in enumerate(files.lines(asked.path, "RELISH", BadTask)):
        if at == 0 and _HEADER.fullmatch(line):
            continue
        where = f"Line {number} of {asked.place!r}"
        if not _ROW.fullmatch(line):
            raise BadTask(f"{where} is not `pmid<TAB>pmid<TAB>0, 1 or 2`: {line[:80]!r}.")
        seed, pmid, grade = line.split()
        grades = qrels.setdefault(seed, {})
        earlier = first.setdefault((seed, pmid), number)
        if grades.setdefault(pmid, int(grade)) != int(grade):
            raise BadTask(
                f"{where} gives {pmid!r} for seed {seed!r} grade {grade}, but line {earlier} gave it "
                f"{grades[pmid]}. Keep one."
            )
    return qrels
