"""Another hybrid search in one process, driven by benchmarks/embedded_search.py.

    python embedded.py TOOL FOLDER

FOLDER holds articles.jsonl (`id`, `text`), vectors.npy (n, d; of length 1), and the questions as questions.json and
questions.npy. It loads first. On stdin, the number of a question asks for its ten best, and null for what loading cost.
"""

import importlib
import json
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from serving import serve, timed

DEPTH, SHOWN = 100, 10

Ask = Callable[[str, "np.ndarray"], Sequence[str]]


class Work:
    """What is loaded and asked."""

    def __init__(self, folder: Path) -> None:
        rows = [json.loads(line) for line in (folder / "articles.jsonl").open(encoding="utf-8")]
        self.folder = folder
        self.ids = [row["id"] for row in rows]
        self.texts = [row["text"] for row in rows]
        self.vectors = np.load(folder / "vectors.npy")
        self.questions = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
        self.asked = np.load(folder / "questions.npy")


def bm25s(work: Work) -> Ask:
    """bm25s and numpy, fused by reciprocal ranks: what is put together by hand."""
    import bm25s
    import Stemmer

    stemmer = Stemmer.Stemmer("english")
    words = {"stopwords": "en", "stemmer": stemmer, "show_progress": False}
    retriever = bm25s.BM25(k1=1.2, b=0.75)
    retriever.index(bm25s.tokenize(work.texts, **words), show_progress=False)

    def ask(text: str, vector: np.ndarray) -> list[str]:
        tokens = bm25s.tokenize(text, **words)
        lexical = retriever.retrieve(tokens, k=DEPTH, show_progress=False)[0][0]
        cosines = work.vectors @ vector
        near = np.argpartition(-cosines, DEPTH)[:DEPTH]
        dense = near[np.argsort(-cosines[near])]
        scores: defaultdict[int, float] = defaultdict(float)
        for places in (lexical, dense):
            for rank, place in enumerate(places, start=1):
                scores[int(place)] += 1 / (60 + rank)
        return [work.ids[place] for place in sorted(scores, key=scores.__getitem__, reverse=True)[:SHOWN]]

    return ask


def txtai(work: Work) -> Ask:
    """Its hybrid index with exact vectors; it takes ten times as many candidates, and fuses in its own way."""
    from txtai import Embeddings

    ready = dict(zip([*work.texts, *work.questions], [*work.vectors, *work.asked], strict=True))
    index = Embeddings(
        method="external",
        transform=lambda texts: np.stack([ready[text] for text in texts]),
        hybrid=True,
        content=False,
        backend="faiss",
        faiss={"components": "IDMap,Flat"},
    )
    index.index(zip(work.ids, work.texts, [None] * len(work.ids), strict=True))
    return lambda text, _: [id for id, _ in index.search(text, SHOWN)]


def lancedb(work: Work) -> Ask:
    """Its hybrid search with exact vectors, its own stemming and stop words, and its reciprocal rank fusion."""
    import lancedb
    import pyarrow as pa
    from lancedb.rerankers import RRFReranker

    width = work.vectors.shape[1]
    rows = pa.FixedSizeListArray.from_arrays(pa.array(work.vectors.ravel()), width)
    data = pa.table({"id": work.ids, "text": work.texts, "vector": rows})
    table = lancedb.connect(work.folder / "lancedb").create_table("articles", data)
    table.create_fts_index("text")
    fusion = RRFReranker(K=60)

    def ask(text: str, vector: np.ndarray) -> list[str]:
        plain = re.sub(r"[^\w\s]", " ", text)
        asked = table.search(query_type="hybrid").vector(vector).text(plain).distance_type("cosine")
        found = asked.select(["id"]).limit(DEPTH).rerank(fusion).to_arrow()
        return found["id"].to_pylist()[:SHOWN]

    return ask


TOOLS = {
    "bm25s": (bm25s, ["bm25s", "numpy"]),
    "txtai": (txtai, ["txtai", "faiss-cpu"]),
    "lancedb": (lancedb, ["lancedb"]),
}


def main(tool: str, folder: Path) -> None:
    opener, packages = TOOLS[tool]
    work = Work(folder)
    importlib.import_module(tool)  # which takes seconds, and is no loading
    loading, ask = timed(lambda: opener(work))

    def answer(number: object) -> dict[str, object]:
        if number is None:
            return {"load_seconds": loading}
        seconds, ids = timed(lambda: ask(work.questions[number], work.asked[number]))
        return {"seconds": seconds, "ids": ids}

    serve(packages, answer)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
