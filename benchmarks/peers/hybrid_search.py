"""The hybrid search that a Python user would put together: bm25s, sentence-transformers, numpy, and RRF.

hybrid_search.py build ARTICLES.jsonl VECTORS.npy FOLDER     # the vectors of those articles, made elsewhere
hybrid_search.py ask FOLDER MODEL QUERY                      # one question in a new process
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import bm25s
import numpy as np


def build(articles: Path, vectors: Path, folder: Path) -> None:
    rows = [json.loads(line) for line in articles.open(encoding="utf-8")]
    texts = [f"{row['title']} {row['abstract']}" for row in rows]
    retriever = bm25s.BM25(k1=1.2, b=0.75)
    retriever.index(bm25s.tokenize(texts, stopwords="en", show_progress=False), show_progress=False)
    retriever.save(folder / "bm25")
    np.save(folder / "vectors.npy", np.load(vectors).astype(np.float32))
    (folder / "articles.json").write_text(json.dumps([[row["id"], row["title"]] for row in rows]))


def ask(folder: Path, model: str, query: str) -> None:
    from mean_pooling import opened

    retriever = bm25s.BM25.load(folder / "bm25")
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    articles = json.loads((folder / "articles.json").read_text())
    tokens = bm25s.tokenize(query, stopwords="en", show_progress=False)
    lexical = retriever.retrieve(tokens, k=100, show_progress=False)[0][0]
    vector = opened(model, max_tokens=256).encode(query, normalize_embeddings=True)
    dense = np.argsort(-(vectors @ vector))[:100]
    scores: defaultdict[int, float] = defaultdict(float)
    for places in (lexical, dense):
        for rank, place in enumerate(places, start=1):
            scores[int(place)] += 1 / (60 + rank)
    for place in sorted(scores, key=scores.__getitem__, reverse=True)[:10]:
        print(*articles[place])


if __name__ == "__main__":
    if sys.argv[1] == "build":
        build(*map(Path, sys.argv[2:5]))
    else:
        ask(Path(sys.argv[2]), sys.argv[3], sys.argv[4])
