"""Pairs of sentences with a score for how alike they are: a table with a header, as BIOSSES is passed on."""

import math
from pathlib import Path
from typing import NamedTuple

from search.errors import BadTask
from search.evaluation import files
from search.evaluation.task import SentencePairs
from search.evaluation.tasks.asked import Asked, stem
from search.evaluation.tasks.sources import source_of

LOOKS_LIKE = "a tab-separated table whose header names sentence1, sentence2 and mean or score"

SCORES = ("mean", "score", "similarity")
"""The column of the score: the first of these that the header names."""


class _Columns(NamedTuple):
    """Where the header puts what is read."""

    first: int
    second: int
    score: int
    width: int


def recognises(asked: Asked) -> bool:
    """Whether the first line is such a header."""
    names = _names(files.head(asked.path).split("\n", 1)[0])
    return "sentence1" in names and "sentence2" in names


def read(asked: Asked) -> SentencePairs:
    """The pairs in file order, named after the file.

    Raises:
        BadTask: a column lacks, a line has fewer or more, a sentence is empty, a score is no finite number, or there
            are fewer than two pairs, of which nothing can be correlated.
    """
    lines = files.lines(asked.path, "sentence pairs", BadTask)
    _, header = next(lines, (0, ""))
    columns = _columns(_names(header), asked.path)
    rows = [_row(line, columns, f"Line {number} of {asked.place!r}") for number, line in lines]
    if len(rows) < 2:
        raise BadTask(f"{asked.place!r} holds {len(rows)} pairs. A correlation needs two or more.")
    return SentencePairs(
        name=stem(asked.path),
        pairs=tuple(pair for pair, _ in rows),
        scores=tuple(score for _, score in rows),
        source=source_of(stem(asked.path)),
    )


def _names(header: str) -> list[str]:
    return [name.strip().lower() for name in header.split("\t")]


def _columns(names: list[str], path: Path) -> _Columns:
    score = next((name for name in SCORES if name in names), "")
    if not score or "sentence1" not in names or "sentence2" not in names:
        raise BadTask(
            f"The header of {str(path)!r} lacks sentence1, sentence2, or one of {', '.join(SCORES)}: it has "
            f"{', '.join(names)!r}."
        )
    return _Columns(names.index("sentence1"), names.index("sentence2"), names.index(score), len(names))


def _row(line: str, columns: _Columns, where: str) -> tuple[tuple[str, str], float]:
    cells = [cell.strip() for cell in line.split("\t")]
    if len(cells) != columns.width:
        raise BadTask(f"{where} has {len(cells)} columns, not the {columns.width} of its header: {line[:80]!r}.")
    pair = (cells[columns.first], cells[columns.second])
    if not all(pair):
        raise BadTask(f"{where} has an empty sentence.")
    try:
        score = float(cells[columns.score])
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        raise BadTask(f"{where}: score {cells[columns.score]!r} is no finite number.")
    return pair, score
