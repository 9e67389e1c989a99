"""An index of invented articles about pumps, datasets that ask it, and a re-ranker that scores by a table."""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.article import Article
from onnx_models.reranker import RerankerKind
from onnx_models.training.dataset import Dataset, DatasetWriter, Kind, Passage, RankList
from search.searcher import Searcher
from tests.doubles import HashEncoder, ListIndex
from tests.onnx_models import checkpoints


class TableReranker:
    """The score that a test says, by title; any other passage has `otherwise`."""

    name = "table-cross"

    def __init__(self, scores: Mapping[str, float], *, otherwise: float = -5, kind: RerankerKind = "cross") -> None:
        self.scores, self.otherwise, self.kind = scores, otherwise, kind
        self.read: list[str] = []
        """The titles that it was given, in order."""

    def score(self, query: str, passages: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        self.read += [title for title, _ in passages]
        return np.array([self.scores.get(title, self.otherwise) for title, _ in passages], np.float32)


def article(number: int) -> Article:
    """Each names the pump of its number and one of five kinds; no two share a run of five words, but by rare chance."""
    kind = ("rotary", "piston", "gear", "screw", "membrane")[number % 5]
    words = random.Random(number).choices(checkpoints.WORDS.split(), k=25)
    return Article(
        id=f"p{number:03}",
        title=f"Study {number} of the {kind} pump",
        abstract=f"Pump {number} is a {kind} pump with one valve. {' '.join(words)}.",
    )


def index_of(articles: Sequence[Article]) -> ListIndex:
    encoder = HashEncoder()
    index = ListIndex(encoder.space)
    writer = index.open_writer()
    vectors = dict(zip((a.id for a in articles), encoder.encode([a.passage for a in articles]), strict=True))
    writer.write(articles, vectors)
    writer.commit()
    writer.close()
    return index


def searcher_of(articles: Sequence[Article], encoder: HashEncoder | None = None) -> Searcher:
    return Searcher(index_of(articles).open_reader(), encoder or HashEncoder(name="hash-query"))


def passage(found: Article) -> Passage:
    return Passage(found.id, *found.passage)


def asking(id: str, query: str, positives: Sequence[Article], negatives: Sequence[Article] = ()) -> RankList:
    return RankList(
        query_id=id,
        query=query,
        positives=tuple((passage(one), 1) for one in positives),
        negatives=tuple(passage(one) for one in negatives),
    )


def dataset_of(folder: Path, lists: Sequence[RankList], kind: Kind = "pairs") -> Dataset:
    with DatasetWriter(folder, kind, seed=1) as writer:
        for one in lists:
            writer.write(one)
        return writer.finish({})
