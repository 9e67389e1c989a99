"""Read judgements (qrels): TREC's `topic iteration document grade`, or BEIR's table with its header."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from search.errors import BadQrels
from search.evaluation import files
from search.evaluation.task import Qrels

BEIR_HEADER = ["query-id", "corpus-id", "score"]
"""The first line of a BEIR table, tab-separated."""

MAX_GRADE = 1000
"""Higher grades, and lower ones than its negative, are refused: trec_eval sets memory aside for each grade below."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,9}")


class Judgement(NamedTuple):
    """One line of a qrels file."""

    line: int
    topic: str
    document: str
    grade: str


def read(path: Path) -> Qrels:
    """Topic → document → grade, in file order; plain or gzip. A judgement that is repeated counts once.

    Raises:
        BadQrels: the file cannot be read or holds no judgements; or a line has the wrong number of columns, a grade
            that is no whole number, or another grade than an earlier line gave to the same topic and document.
    """
    qrels: dict[str, dict[str, int]] = {}
    seen: dict[tuple[str, str], int] = {}
    for judgement in _judgements(path):
        grade = _grade(judgement, path)
        grades = qrels.setdefault(judgement.topic, {})
        first = seen.setdefault((judgement.topic, judgement.document), judgement.line)
        if grades.setdefault(judgement.document, grade) != grade:
            raise BadQrels(
                f"Line {judgement.line} of {str(path)!r} gives document {judgement.document!r} of topic "
                f"{judgement.topic!r} grade {grade}, but line {first} gave it {grades[judgement.document]}. Keep one."
            )
    if not qrels:
        raise BadQrels(f"Qrels file {str(path)!r} holds no judgements. Give `topic 0 document grade` lines.")
    return qrels


def _judgements(path: Path) -> Iterator[Judgement]:
    lines = files.lines(path, "qrels", BadQrels)
    number, head = next(lines, (0, ""))
    if head.split() == BEIR_HEADER:
        yield from (_beir(line, path, number) for number, line in lines)
    elif head:
        yield _trec(head, path, number)
        yield from (_trec(line, path, number) for number, line in lines)


def _trec(line: str, path: Path, number: int) -> Judgement:
    columns = line.split()
    if len(columns) != 4:
        raise BadQrels(
            f"Line {number} of {str(path)!r} has {len(columns)} columns, not the 4 of `topic 0 document grade`: "
            f"{line[:80]!r}. (A BEIR table opens with `{'<TAB>'.join(BEIR_HEADER)}`.)"
        )
    topic, _, document, grade = columns
    return Judgement(number, topic, document, grade)


def _beir(line: str, path: Path, number: int) -> Judgement:
    columns = [column.strip() for column in line.split("\t")]
    if len(columns) != 3:
        raise BadQrels(
            f"Line {number} of {str(path)!r} has {len(columns)} columns, not the 3 of its header: {line[:80]!r}."
        )
    for column in columns[:2]:
        if not files.is_id(column):
            raise BadQrels(
                f"Line {number} of {str(path)!r}: id {column!r} is empty or has spaces, which TREC runs cannot hold."
            )
    return Judgement(number, *columns)


def _grade(judgement: Judgement, path: Path) -> int:
    if not _INTEGER.fullmatch(judgement.grade):
        raise BadQrels(f"Line {judgement.line} of {str(path)!r}: grade {judgement.grade!r} is no whole number.")
    grade = int(judgement.grade)
    if abs(grade) > MAX_GRADE:
        raise BadQrels(
            f"Line {judgement.line} of {str(path)!r}: grade {grade} is not between {-MAX_GRADE} and {MAX_GRADE}."
        )
    return grade
