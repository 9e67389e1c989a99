"""Articles about invented trials, an encoder whose inner products are never negative, and an index of both."""

from collections.abc import Sequence
from contextlib import closing

import numpy as np
from numpy.typing import NDArray

from indexer.article import Article
from indexer.engines import open_reader, open_writer
from indexer.engines.location import Location
from indexer.engines.writing import WriteOptions
from onnx_models.encoder import Text
from onnx_models.specs import Similarity
from search.searcher import Searcher
from tests.doubles import HashEncoder

COUNT = 240
TEXT = (
    "statin women survival trial cohort breast heart valve aspirin kidney dialysis insulin pump asthma inhaler child "
    "sleep stroke rehabilitation vaccine antibody receptor mutation therapy surgery pain opioid bone density"
)


def articles(count: int = COUNT, seed: int = 6) -> list[Article]:
    """Texts of many lengths; some have no abstract, and some are the same, so that scores tie."""
    rng, vocabulary = np.random.default_rng(seed), TEXT.split()

    def text(words: int) -> str:
        return " ".join(rng.choice(vocabulary, words))

    found = [
        Article(
            id=f"T{at}",
            order=at + 1,
            title=text(int(rng.integers(2, 8))),
            abstract=text(int(rng.integers(10, 80))) if at % 7 else "",
            year=1990 + at % 30,
            publication_types=("Review",) if at % 3 == 0 else ("Journal Article",),
        )
        for at in range(count - 10)
    ]
    twins = [Article(id=f"Z{at}", order=at + 1, title="statin trial", abstract="women survival") for at in range(10)]
    return found + twins


class Positive(HashEncoder):
    """Vectors without negative numbers, as long as their texts: what a server scales as we do."""

    def encode(self, texts: Sequence[Text]) -> NDArray[np.float32]:
        rows = np.abs(super().encode(texts))
        if self.similarity == "cosine":
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows


def encoder(similarity: Similarity) -> Positive:
    return Positive(dimension=12, similarity=similarity)


def load(location: str, similarity: Similarity, *, shards: int = 1) -> None:
    """An index of the articles, served."""
    makes = encoder(similarity)
    options = WriteOptions(shards=shards)
    with closing(open_writer(Location(location), space=makes.space, options=options)) as writer:
        held = articles()
        rows = makes.encode([article.passage for article in held])
        writer.write(held, {article.id: row for article, row in zip(held, rows, strict=True)})
        writer.publish()


def searcher(location: str, similarity: Similarity) -> Searcher:
    return Searcher(open_reader(Location(location)), encoder(similarity))
