"""Each library's embedding is that of the right side's encoder, and its own store finds by it what is nearest."""

import asyncio
import copy
import json
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from haystack import Document, Pipeline
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from langchain_core.documents import Document as LangChainDocument
from langchain_core.vectorstores import InMemoryVectorStore
from llama_index.core import VectorStoreIndex
from llama_index.core.schema import TextNode
from numpy.typing import NDArray

from onnx_models import InstalledSet, RunOptions, find_set, load_encoder
from onnx_models.errors import BadRunOption, ModelNotInstalled
from search.integrations.encoding import Encoders, passage
from search.integrations.haystack_embedders import BioCPTDocumentEmbedder, BioCPTTextEmbedder
from search.integrations.langchain import BioCPTEmbeddings
from search.integrations.llamaindex import BioCPTEmbedding
from search.integrations.retrieving import text
from tests.search.integrations.invented import ARTICLES

Vectors = NDArray[np.float32]
QUESTION = "aspirin and stroke"
TEXTS = {article.id: text(article) for article in ARTICLES.values()}


@pytest.fixture(scope="module")
def models(home: Path) -> InstalledSet:
    return find_set(home, "medcpt")


@pytest.fixture(scope="module")
def question(models: InstalledSet) -> Vectors:
    """The query encoder's own vector of QUESTION."""
    vector: Vectors = load_encoder(models.query).encode([QUESTION])[0]
    return vector


@pytest.fixture(scope="module")
def vectors(models: InstalledSet) -> Vectors:
    """The article encoder's own vectors of the articles, (title, abstract) each."""
    return load_encoder(models.article).encode([article.passage for article in ARTICLES.values()])


def is_nearest(found: Sequence[str | None], vectors: Vectors, question: Vectors, *, by: str) -> bool:
    """Whether no others are nearer by inner product, or by cosine; ids of equal ones, which there are, may vary."""
    lengths = np.linalg.norm(vectors, axis=1) if by == "cosine" else np.ones(len(vectors))
    scores = (vectors.astype(np.float64) @ question.astype(np.float64)) / lengths
    of = dict(zip(ARTICLES, scores, strict=True))
    return [of[str(id)] for id in found] == pytest.approx(sorted(scores, reverse=True)[: len(found)], rel=1e-5)


@pytest.mark.parametrize(
    ("whole", "parts"),
    [
        ("Title.\nAbstract.", ("Title.", "Abstract.")),
        ("Title.\n\nTwo.\nThree.", ("Title.", "Two.\nThree.")),
        ("\n Title. ", ("Title.", "")),
        ("", ("", "")),
        ("half \ud800", ("half \ufffd", "")),
    ],
)
def test_a_text_is_a_title_and_an_abstract(whole: str, parts: tuple[str, str]) -> None:
    assert passage(whole) == parts


def test_sides_are_opened_when_they_are_asked(home: Path) -> None:
    encoders = Encoders("medcpt", home=home)
    assert encoders.articles([]) == []
    assert encoders._opened.keys() == {"article"}
    assert encoders.questions(["half \ud800"]) == encoders.questions(["half \ufffd"])


def test_langchain_embeds_both_sides(home: Path, question: Vectors, vectors: Vectors) -> None:
    embeddings = BioCPTEmbeddings("medcpt", home=home)
    np.testing.assert_allclose(embeddings.embed_query(QUESTION), question, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(embeddings.embed_documents(list(TEXTS.values())), vectors, rtol=1e-4, atol=1e-5)
    store = InMemoryVectorStore(embeddings)
    store.add_documents([LangChainDocument(id=id, page_content=content) for id, content in TEXTS.items()])
    found = [document.id for document in store.as_retriever(search_kwargs={"k": 5}).invoke(QUESTION)]
    assert len(found) == 5
    assert is_nearest(found, vectors, question, by="cosine")


def test_llamaindex_embeds_both_sides(home: Path, question: Vectors, vectors: Vectors) -> None:
    embedding = BioCPTEmbedding("medcpt", home=home, embed_batch_size=7)
    assert embedding.model_name == "medcpt"
    np.testing.assert_allclose(embedding.get_query_embedding(QUESTION), question, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(asyncio.run(embedding.aget_query_embedding(QUESTION)), question, rtol=1e-4, atol=1e-5)
    many = asyncio.run(embedding.aget_text_embedding_batch(list(TEXTS.values())))
    np.testing.assert_allclose(many, vectors, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(embedding.get_text_embedding(TEXTS["103"]), vectors[3], rtol=1e-4, atol=1e-5)
    nodes = [TextNode(id_=id, text=content) for id, content in TEXTS.items()]
    retriever = VectorStoreIndex(nodes, embed_model=embedding).as_retriever(similarity_top_k=5)
    found = [node.node_id for node in retriever.retrieve(QUESTION)]
    assert len(found) == 5
    assert is_nearest(found, vectors, question, by="cosine")


def test_haystack_embeds_both_sides_and_goes_through_yaml(home: Path, question: Vectors, vectors: Vectors) -> None:
    documents = [Document(id=id, content=content) for id, content in TEXTS.items()]
    embedded = BioCPTDocumentEmbedder("medcpt", home=str(home)).run(documents)["documents"]
    np.testing.assert_allclose([each.embedding or [] for each in embedded], vectors, rtol=1e-4, atol=1e-5)
    assert documents[0].embedding is None
    store = InMemoryDocumentStore(embedding_similarity_function="dot_product")
    store.write_documents(embedded)

    asking = Pipeline()
    asking.add_component("text", BioCPTTextEmbedder("medcpt", home=str(home), run_options={"threads": 1}))
    again = Pipeline.loads(asking.dumps(), allowed_modules=["search.integrations.*"])
    assert again.to_dict() == asking.to_dict()
    again.add_component("retriever", InMemoryEmbeddingRetriever(store, top_k=5))
    again.connect("text.embedding", "retriever.query_embedding")
    found = again.run({"text": {"text": QUESTION}})["retriever"]["documents"]
    assert len(found) == 5
    assert is_nearest([document.id for document in found], vectors, question, by="ip")


def test_what_is_not_installed_is_said_when_it_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ModelNotInstalled, match="models pull medcpt"):
        BioCPTEmbeddings(home=tmp_path)
    with pytest.raises(ModelNotInstalled, match="models pull medcpt"):
        BioCPTEmbedding(home=tmp_path)
    embedder = BioCPTTextEmbedder(home=str(tmp_path))
    assert json.loads(json.dumps(embedder.to_dict()))["init_parameters"]["model"] == "medcpt"
    with pytest.raises(ModelNotInstalled, match="models pull medcpt"):
        embedder.warm_up()
    with pytest.raises(BadRunOption, match="int4"):
        BioCPTDocumentEmbedder(run_options={"precision": "int4"})


@pytest.mark.parametrize("made", [BioCPTEmbeddings, BioCPTEmbedding])
def test_a_copy_and_one_in_another_process_give_the_same_vector(made: Callable[..., Any], home: Path) -> None:
    """LlamaIndex's ingestion sends embeddings to its workers."""
    embedding = made("medcpt", home=home)
    ask = "embed_query" if made is BioCPTEmbeddings else "get_query_embedding"
    wanted = getattr(embedding, ask)(QUESTION)
    for other in (pickle.loads(pickle.dumps(embedding)), copy.deepcopy(embedding)):
        assert getattr(other, ask)(QUESTION) == pytest.approx(wanted, rel=1e-4, abs=1e-5)


def test_llamaindex_stores_an_embedding_and_loads_it_again(home: Path) -> None:
    """`to_dict` and `from_dict`, through JSON: what a stored ingestion pipeline of LlamaIndex is made of."""
    embedding = BioCPTEmbedding("medcpt", home=home, run=RunOptions(threads=1), embed_batch_size=7)
    stored = embedding.to_dict()
    assert stored["class_name"] == "BioCPTEmbedding"
    for again in (BioCPTEmbedding.from_dict(stored), BioCPTEmbedding.from_json(embedding.to_json())):
        assert again.to_dict() == stored
        assert (again.model_name, again.home, again.embed_batch_size) == ("medcpt", str(home), 7)
        assert again.run == RunOptions(threads=1)
        wanted = embedding.get_query_embedding(QUESTION)
        assert again.get_query_embedding(QUESTION) == pytest.approx(wanted, rel=1e-4, abs=1e-5)
