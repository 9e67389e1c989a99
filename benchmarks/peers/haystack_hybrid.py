"""Haystack's OpenSearchHybridRetriever on an index of ours, driven by benchmarks/opensearch_search.py.

    python haystack_hybrid.py URL INDEX FOLDER EF_SEARCH

FOLDER holds texts.json and vectors.npy (n, d), the questions; for each number on stdin, the ids of the ten best. Its
two retrievers ask for 100 each, by the fields and boosts that ours searches, and its joiner fuses by reciprocal ranks;
the embedder hands out the ready vector.
"""

import json
import sys
from pathlib import Path

import numpy as np
from haystack import component
from haystack_integrations.components.retrievers.opensearch import OpenSearchHybridRetriever
from haystack_integrations.document_stores.opensearch import OpenSearchDocumentStore
from serving import serve

DEPTH, SHOWN = 100, 10
FIELDS = {"title_abstract": 1.0, "mesh_text": 0.5, "keyword_text": 0.5}
WORDS = [{"match": {name: {"query": "$query", "boost": boost}}} for name, boost in FIELDS.items()]


@component
class Ready:
    """An embedder that has embedded everything already."""

    def __init__(self, folder: Path) -> None:
        texts = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
        self.vectors = dict(zip(texts, np.load(folder / "vectors.npy").tolist(), strict=True))

    @component.output_types(embedding=list[float])
    def run(self, text: str) -> dict[str, list[float]]:
        return {"embedding": self.vectors[text]}


def main(url: str, index: str, folder: Path, ef_search: int) -> None:
    store = OpenSearchDocumentStore(hosts=url, index=index, create_index=False, http_auth=None)
    retriever = OpenSearchHybridRetriever(
        document_store=store,
        embedder=Ready(folder),
        top_k_bm25=DEPTH,
        custom_query_bm25={"query": {"bool": {"should": WORDS}}},
        top_k_embedding=DEPTH,
        search_kwargs_embedding={"method_parameters": {"ef_search": ef_search}},
        join_mode="reciprocal_rank_fusion",
        top_k=SHOWN,
    )
    texts = json.loads((folder / "texts.json").read_text(encoding="utf-8"))

    def answer(number: object) -> dict[str, object]:
        found = retriever.run(query=texts[number])
        return {"ids": [document.id for document in found["documents"]]}

    serve(["haystack-ai", "opensearch-haystack", "opensearch-py"], answer)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
