"""What systems are judged by: questions and the articles that answer them; or pairs of sentences that people scored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from search.evaluation.topics import Topic

Grades: TypeAlias = Mapping[str, int]
"""Article id → grade: 0 or below was judged and is not relevant; what is absent was not judged."""

Qrels: TypeAlias = Mapping[str, Grades]
"""Topic id → the grades of its judged articles."""

Split = Literal["train", "dev", "test", ""]
"""Which part of a collection the judgements are; "" where nobody says. Nothing is ever tuned on `test`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Topics with their judgements."""

    name: str
    """Such as `scifact/test`."""
    topics: tuple[Topic, ...]
    """Those that are asked, in file order; with `by_seed` their queries are the ids of articles."""
    qrels: Qrels
    split: Split = ""
    source: str = ""
    """Where the judgements come from and under which licence; "" where the format tells neither."""
    measures: tuple[str, ...] = ("nDCG@10", "R@100")
    """What this task is usually judged by, in ir-measures' names."""
    candidates: Mapping[str, Sequence[str]] | None = None
    """Topic id → the only articles that are ranked for it; None: the whole index."""
    by_seed: bool = False
    """Whether articles like a given one are asked for, and not answers to a question."""
    corpus: Path | None = None
    """The file of its articles that `biocpt index` reads, where it brings one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentencePairs:
    """Pairs of sentences that people scored for how alike they are; they need an encoder, and no index."""

    name: str
    pairs: tuple[tuple[str, str], ...]
    scores: tuple[float, ...]
    """One a pair; higher is more alike."""
    source: str = ""


AnyTask: TypeAlias = Task | SentencePairs
