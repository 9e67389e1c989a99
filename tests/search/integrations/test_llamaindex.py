"""The retriever in LlamaIndex itself: asked in each way, in a query engine, and under LlamaIndex's own filters."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llama_index.core.llms.mock import MockLLM
from llama_index.core.postprocessor import SimilarityPostprocessor
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import ResponseMode
from llama_index.core.schema import MetadataMode, QueryBundle
from llama_index.core.vector_stores import FilterCondition, FilterOperator, MetadataFilter, MetadataFilters
from llama_index.core.vector_stores.utils import build_metadata_filter_fn

from search import Filters, Searcher, SearchRequest
from search.errors import EmptyQuery, InvalidRequest, UntranslatableFilter
from search.integrations import retrieving
from search.integrations.llamaindex import BioCPTRetriever, translated
from tests.search.integrations.invented import ARTICLES, JOURNALS, MESH

QUESTION = "statins and stroke"
OF_REVIEWS = MetadataFilter(key="publication_types", operator=FilterOperator.CONTAINS, value="Review")
RECENT = MetadataFilter(key="year", operator=FilterOperator.GTE, value=2015)


@pytest.fixture
def retriever(searcher: Searcher) -> BioCPTRetriever:
    return BioCPTRetriever(searcher, similarity_top_k=3)


def test_nodes_are_those_of_a_search(retriever: BioCPTRetriever, searcher: Searcher) -> None:
    nodes = retriever.retrieve(QUESTION)
    results = searcher.search(SearchRequest(QUESTION, limit=3)).results
    assert [(node.node_id, node.score) for node in nodes] == [(result.id, result.score) for result in results]
    assert nodes[0].text == retrieving.text(results[0].article)
    assert retriever.retrieve(QueryBundle(QUESTION)) == nodes


def test_asking_asynchronously_gives_the_same_and_lets_the_loop_go_on(retriever: BioCPTRetriever) -> None:
    async def several() -> list[Any]:
        return await asyncio.gather(*(retriever.aretrieve(QUESTION) for _ in range(3)))

    assert asyncio.run(several()) == [retriever.retrieve(QUESTION)] * 3


def test_models_see_the_text_and_little_else(retriever: BioCPTRetriever) -> None:
    node = retriever.retrieve(QUESTION)[0].node
    shown = node.get_content(MetadataMode.LLM)
    assert shown.splitlines()[0].startswith("pmid: ")
    assert f"year: {ARTICLES[node.node_id].year}" in shown
    assert "snippet" not in shown
    assert node.get_content(MetadataMode.EMBED) == retrieving.text(ARTICLES[node.node_id])


def test_a_query_engine_answers_with_its_sources(retriever: BioCPTRetriever) -> None:
    engine = RetrieverQueryEngine.from_args(retriever, llm=MockLLM(), response_mode=ResponseMode.COMPACT)
    response = engine.query(QUESTION)
    nodes = retriever.retrieve(QUESTION)
    assert response.source_nodes == nodes
    assert all(node.text in str(response) for node in nodes)  # the model repeats its prompt
    assert asyncio.run(engine.aquery(QUESTION)).source_nodes == nodes


def test_postprocessors_can_judge_scores(searcher: Searcher) -> None:
    retriever = BioCPTRetriever(searcher, similarity_top_k=24, settings={"rerank": False})
    nodes = retriever.retrieve(QUESTION)
    kept = SimilarityPostprocessor(similarity_cutoff=nodes[4].score or 0).postprocess_nodes(nodes)
    assert kept == [node for node in nodes if (node.score or 0) >= (nodes[4].score or 0)]


@pytest.mark.parametrize(
    "filters", [MetadataFilters(filters=[OF_REVIEWS, RECENT]), Filters(types=("Review",), years=(2015, None))]
)
def test_filters_are_ours_or_llamaindexs(searcher: Searcher, filters: Filters | MetadataFilters) -> None:
    nodes = BioCPTRetriever(searcher, similarity_top_k=24, filters=filters).retrieve(QUESTION)
    expected = {a.id for a in ARTICLES.values() if "Review" in a.publication_types and (a.year or 0) >= 2015}
    assert {node.node_id for node in nodes} == expected


def test_filters_within_filters_are_understood(searcher: Searcher) -> None:
    inner = MetadataFilters(filters=[OF_REVIEWS, RECENT], condition=FilterCondition.OR)
    named = MetadataFilter(key="journal", operator=FilterOperator.EQ, value=JOURNALS[0])
    within = Filters(also=translated(MetadataFilters(filters=[inner, named])))
    found = searcher.search(SearchRequest(QUESTION, mode="dense", rerank=False, filters=within, limit=100)).results
    expected = {
        a.id
        for a in ARTICLES.values()
        if ("Review" in a.publication_types or (a.year or 0) >= 2015) and a.journal_abbreviation == JOURNALS[0]
    }
    assert {result.id for result in found} == expected


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (MetadataFilter(key="title", operator=FilterOperator.TEXT_MATCH, value="x"), "no operator 'text_match'"),
        (MetadataFilter(key="mesh", operator=FilterOperator.IS_EMPTY, value=None), "no operator 'is_empty'"),
        (MetadataFilter(key="impact", value=5), "'impact'. Known: year"),
    ],
)
def test_a_filter_that_cannot_be_asked_is_refused_when_it_is_given(
    searcher: Searcher, one: MetadataFilter, said: str
) -> None:
    with pytest.raises(UntranslatableFilter) as caught:
        BioCPTRetriever(searcher, filters=MetadataFilters(filters=[one]))
    assert said in str(caught.value)


def test_what_has_no_meaning_is_refused(searcher: Searcher, retriever: BioCPTRetriever) -> None:
    with pytest.raises(InvalidRequest, match="Unknown setting 'rerank_dept'"):
        BioCPTRetriever(searcher, settings={"rerank_dept": 3})
    with pytest.raises(EmptyQuery):
        retriever.retrieve(" ")


headings = st.sampled_from([*sorted({name for names in MESH for name in names}), "Nothing"])
IS = FilterOperator
conditions = st.one_of(
    st.tuples(
        st.just("year"),
        st.sampled_from([IS.EQ, IS.NE, IS.GT, IS.GTE, IS.LT, IS.LTE]),
        st.sampled_from([2012, 2015, 2016]),
    ),
    st.tuples(st.just("year"), st.sampled_from([IS.IN, IS.NIN]), st.lists(st.sampled_from([2012, 2015]), max_size=2)),
    st.tuples(st.just("journal"), st.sampled_from([IS.EQ, IS.NE]), st.sampled_from([*JOURNALS, "Nowhere"])),
    st.tuples(st.just("mesh"), st.just(IS.CONTAINS), headings),
    st.tuples(st.just("mesh"), st.sampled_from([IS.ANY, IS.ALL]), st.lists(headings, min_size=1, max_size=3)),
).map(lambda parts: MetadataFilter(key=parts[0], operator=parts[1], value=parts[2]))


@settings(max_examples=50)
@given(filters=st.lists(conditions, min_size=1, max_size=3), condition=st.sampled_from(FilterCondition))
def test_filters_let_through_what_llamaindex_itself_lets_through(
    searcher: Searcher, filters: list[MetadataFilter], condition: FilterCondition
) -> None:
    everything = searcher.search(SearchRequest("clinical study", mode="dense", rerank=False, limit=100)).results
    known = {result.id: retrieving.metadata(result) for result in everything}
    asked = MetadataFilters(filters=[*filters], condition=condition)
    is_meant = build_metadata_filter_fn(known.__getitem__, asked)
    within = Filters(also=translated(asked))
    found = searcher.search(
        SearchRequest("clinical study", mode="dense", rerank=False, limit=100, filters=within)
    ).results
    assert {result.id for result in found} == {id for id in known if is_meant(id)}
