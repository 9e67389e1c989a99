"""Writes batch after batch to an index until it is killed; prints each batch's number once it is acknowledged.

Batch n gives each of fifty articles the title `batch n` and the vector (n, n, …), and deletes article `gone n`, so any
state of the index that mixes two batches, or text and vectors of two, shows.
"""

import sys

import numpy as np

from indexer.article import Article, Deletion
from indexer.engines import open_writer
from indexer.engines.protocol import VectorSpace

IDS = [f"id{n}" for n in range(50)]
SPACE = VectorSpace(model="test", fingerprint="f", dimension=8, similarity="ip")


def main(location: str, first: int) -> None:
    writer = open_writer(location, space=SPACE)
    for batch in range(first, first + 10_000):
        for part in (IDS[:20], IDS[20:]):
            articles = [Article(id=id, order=batch, title=f"batch n{batch}") for id in part]
            writer.write(articles, {id: np.full(8, batch, np.float32) for id in part})
        writer.delete([Deletion(id=f"gone{batch}", order=batch)])
        writer.commit()
        print(batch, flush=True)
        if batch % 7 == 3:
            writer.optimize()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
