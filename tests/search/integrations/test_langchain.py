"""The retriever in LangChain itself: invoked in each way, traced, and in a chain."""

import asyncio
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, PromptTemplate, format_document
from langchain_core.runnables import RunnablePassthrough
from langchain_core.tools import create_retriever_tool
from pydantic import ValidationError

from search import Filters, Searcher, SearchRequest
from search.errors import EmptyQuery, InvalidRequest
from search.integrations import retrieving
from search.integrations.langchain import BioCPTRetriever
from tests.search.integrations.invented import ARTICLES

QUESTION = "statins and stroke"
OTHER = "aspirin and insulin"


@pytest.fixture
def retriever(searcher: Searcher) -> BioCPTRetriever:
    return BioCPTRetriever(searcher=searcher, k=3)


def expected(searcher: Searcher, query: str, **asked: Any) -> list[str]:
    return [result.id for result in searcher.search(SearchRequest(query, **asked)).results]


def ids(documents: list[Document]) -> list[str | None]:
    return [document.id for document in documents]


def test_documents_are_those_of_a_search(retriever: BioCPTRetriever, searcher: Searcher) -> None:
    documents = retriever.invoke(QUESTION)
    results = searcher.search(SearchRequest(QUESTION, limit=3)).results
    assert ids(documents) == [result.id for result in results]
    assert [document.metadata["score"] for document in documents] == [result.score for result in results]
    assert [d.page_content for d in documents] == [retrieving.text(result.article) for result in results]


def test_a_source_is_the_page_of_the_article_or_its_id(searcher: Searcher) -> None:
    documents = BioCPTRetriever(searcher=searcher, k=24).invoke(QUESTION)
    sources = {document.id: document.metadata["source"] for document in documents}
    assert sources["101"] == "https://pubmed.ncbi.nlm.nih.gov/101/"
    assert sources["102"] == "102"


def test_every_way_to_invoke_gives_the_same(retriever: BioCPTRetriever) -> None:
    one, two = retriever.invoke(QUESTION), retriever.invoke(OTHER)
    assert retriever.batch([QUESTION, OTHER]) == [one, two]
    assert asyncio.run(retriever.ainvoke(QUESTION)) == one
    assert asyncio.run(retriever.abatch([QUESTION, OTHER])) == [one, two]
    assert list(retriever.stream(OTHER)) == [two]


def test_a_call_has_its_own_number_and_filters(retriever: BioCPTRetriever, searcher: Searcher) -> None:
    reviews = Filters(types=("Review",))
    wanted = expected(searcher, QUESTION, filters=reviews, limit=5)
    assert ids(retriever.invoke(QUESTION, k=5, filters=reviews)) == wanted
    assert ids(asyncio.run(retriever.ainvoke(QUESTION, k=5, filters=reviews))) == wanted
    assert {"Review" in ARTICLES[id].publication_types for id in wanted} == {True}


def test_settings_are_those_of_a_request(searcher: Searcher) -> None:
    made = BioCPTRetriever(searcher=searcher, k=24, settings={"rerank": False, "fusion": "rrf"})
    assert ids(made.invoke(QUESTION)) == expected(searcher, QUESTION, limit=24, rerank=False, fusion="rrf")


def test_tags_and_metadata_reach_who_traces(searcher: Searcher) -> None:
    class Tracer(BaseCallbackHandler):
        def __init__(self) -> None:
            self.seen: list[Any] = []

        def on_retriever_start(self, serialized: Any, query: str, **told: Any) -> None:
            self.seen.append((query, told["tags"], told["metadata"]["ward"]))

        def on_retriever_end(self, documents: Any, **_: Any) -> None:
            self.seen.append(ids(documents))

    tracer = Tracer()
    made = BioCPTRetriever(searcher=searcher, k=2, tags=["trial"], metadata={"ward": "7"})
    documents = made.invoke(QUESTION, {"callbacks": [tracer]})
    assert tracer.seen == [(QUESTION, ["trial"], "7"), ids(documents)]


def test_a_chain_answers_from_the_documents(retriever: BioCPTRetriever) -> None:
    asked: list[str] = []

    def remember(value: Any) -> Any:
        asked.append(value.to_string())
        return value

    each = PromptTemplate.from_template("[{rank}] {title} ({journal} {year}) {page_content}")

    def joined(documents: list[Document]) -> str:
        return "\n".join(format_document(document, each) for document in documents)

    chain = (
        {"context": retriever | joined, "question": RunnablePassthrough()}
        | ChatPromptTemplate.from_template("{context}\nQuestion: {question}")
        | remember
        | FakeListChatModel(responses=["It is not known."])
        | StrOutputParser()
    )
    assert chain.invoke(QUESTION) == "It is not known."
    titles = [document.metadata["title"] for document in retriever.invoke(QUESTION)]
    assert asked[0].endswith(f"Question: {QUESTION}")
    assert [asked[0].find(title) >= 0 for title in titles] == [True] * 3


def test_it_is_a_tool_that_agents_can_call(retriever: BioCPTRetriever) -> None:
    tool = create_retriever_tool(retriever, "pubmed", "Finds articles.")
    assert tool.invoke({"query": QUESTION}) == "\n\n".join(d.page_content for d in retriever.invoke(QUESTION))


def test_what_has_no_meaning_is_refused(searcher: Searcher, retriever: BioCPTRetriever) -> None:
    with pytest.raises(InvalidRequest, match="Unknown setting 'rerank_dept'"):
        BioCPTRetriever(searcher=searcher, settings={"rerank_dept": 3})
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        BioCPTRetriever(searcher=searcher, k=0)
    with pytest.raises(EmptyQuery):
        retriever.invoke(" ")


@pytest.mark.parametrize("asked", [{"k": "3"}, {"k": 2.5}, {"filters": {"year": 2015}}])
def test_values_of_another_kind_are_refused_by_name(retriever: BioCPTRetriever, asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="must be"):
        retriever.invoke(QUESTION, **asked)
