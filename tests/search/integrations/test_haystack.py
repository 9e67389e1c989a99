"""The retriever in Haystack itself: in pipelines, as YAML, and under filters that Haystack's own store judges."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from haystack import Document, Pipeline
from haystack.components.builders import PromptBuilder
from haystack.components.joiners import DocumentJoiner
from haystack.document_stores.types import FilterPolicy
from haystack.tools import ComponentTool
from haystack.utils import Secret
from haystack.utils.filters import document_matches_filter
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.errors import IndexerError
from onnx_models.errors import BadRunOption
from search import Searcher, SearchRequest
from search.errors import EmptyQuery, InvalidRequest, UntranslatableFilter
from search.filters import Filters
from search.integrations import retrieving
from search.integrations.conditions import FIELDS
from search.integrations.haystack import BioCPTRetriever, translated
from tests.search.integrations.invented import ARTICLES, JOURNALS

QUESTION = "statins and stroke"
OURS = "search.integrations.haystack"
REVIEWS = {"field": "meta.publication_types", "operator": "==", "value": "Review"}
RECENT = {"field": "meta.year", "operator": ">=", "value": 2015}


@pytest.fixture(scope="module")
def retriever(home: Path, index: str) -> BioCPTRetriever:
    return BioCPTRetriever(index, home=str(home), top_k=3)


def ids(documents: list[Document]) -> list[str]:
    return [document.id for document in documents]


def test_documents_are_those_of_a_search(retriever: BioCPTRetriever, searcher: Searcher) -> None:
    documents = retriever.run(QUESTION)["documents"]
    results = searcher.search(SearchRequest(QUESTION, limit=3)).results
    assert [(d.id, d.score) for d in documents] == [(result.id, result.score) for result in results]
    assert [d.content for d in documents] == [retrieving.text(result.article) for result in results]
    assert documents[0].meta["journal"] == results[0].article.journal_abbreviation


def test_a_run_has_its_own_number_and_filters(retriever: BioCPTRetriever) -> None:
    documents = retriever.run(QUESTION, filters={"operator": "AND", "conditions": [REVIEWS, RECENT]}, top_k=24)
    expected = {a.id for a in ARTICLES.values() if "Review" in a.publication_types and (a.year or 0) >= 2015}
    assert set(ids(documents["documents"])) == expected


@pytest.mark.parametrize(("policy", "needs_review"), [(FilterPolicy.REPLACE, False), (FilterPolicy.MERGE, True)])
def test_filters_of_a_run_replace_or_join_those_of_the_retriever(
    home: Path, index: str, policy: FilterPolicy, needs_review: bool
) -> None:
    retriever = BioCPTRetriever(index, home=str(home), top_k=24, filters=REVIEWS, filter_policy=policy)
    found = [ARTICLES[id] for id in ids(retriever.run(QUESTION, filters=RECENT)["documents"])]
    assert found
    assert all((article.year or 0) >= 2015 for article in found)
    assert all("Review" in article.publication_types for article in found) == needs_review
    assert {"Review" in ARTICLES[id].publication_types for id in ids(retriever.run(QUESTION)["documents"])} == {True}


TEMPLATE = "{% for d in documents %}[{{ d.meta.rank }}] {{ d.content }}\n{% endfor %}Question: {{ question }}"


def pipeline(retriever: BioCPTRetriever) -> Pipeline:
    made = Pipeline()
    made.add_component("retriever", retriever)
    made.add_component("joiner", DocumentJoiner(sort_by_score=True))
    made.add_component("prompt", PromptBuilder(TEMPLATE, required_variables=["documents", "question"]))
    made.connect("retriever.documents", "joiner.documents")
    made.connect("joiner.documents", "prompt.documents")
    return made


ASKED: dict[str, Any] = {"retriever": {"query": QUESTION}, "prompt": {"question": QUESTION}}


def prompt(searcher: Searcher, *, limit: int, **asked: Any) -> str:
    results = searcher.search(SearchRequest(QUESTION, limit=limit, **asked)).results
    lines = [f"[{at}] {retrieving.text(result.article)}" for at, result in enumerate(results, start=1)]
    return "\n".join([*lines, f"Question: {QUESTION}"])


def test_a_pipeline_warms_up_and_keeps_the_order_even_where_it_sorts_by_score(
    home: Path, index: str, searcher: Searcher
) -> None:
    rag = pipeline(BioCPTRetriever(index, home=str(home), top_k=24, settings={"rerank_depth": 4}))
    made = rag.run(ASKED)["prompt"]["prompt"]
    assert made == prompt(searcher, limit=24, rerank_depth=4)


def test_a_pipeline_goes_through_yaml_and_answers_the_same(home: Path, index: str) -> None:
    retriever = BioCPTRetriever(
        index,
        home=str(home),
        mode="hybrid",
        rerank="cross",
        run_options={"threads": 1},
        top_k=5,
        filters={"operator": "NOT", "conditions": [REVIEWS]},
        filter_policy=FilterPolicy.MERGE,
        settings={"fusion": "rrf", "boosts": {"title": 1.5}},
    )
    before = pipeline(retriever)
    after = Pipeline.loads(before.dumps(), allowed_modules=[OURS])
    assert after.to_dict()["components"] == before.to_dict()["components"]
    assert after.run(ASKED) == before.run(ASKED)


def test_secrets_are_stored_by_the_names_of_their_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARD_PASSWORD", "hunter2")
    made = BioCPTRetriever("https://search.example/pubmed", user="ann", password=Secret.from_env_var("WARD_PASSWORD"))
    stored = made.to_dict()
    assert "hunter2" not in json.dumps(stored)
    again = BioCPTRetriever.from_dict(json.loads(json.dumps(stored)))
    assert again.to_dict() == stored
    assert again.password is not None
    assert again.password.resolve_value() == "hunter2"
    with pytest.raises(ValueError, match="token"):
        BioCPTRetriever("https://search.example/pubmed", api_key=Secret.from_token("k")).to_dict()


def test_from_dict_leaves_what_it_is_given_as_it_was(index: str) -> None:
    stored = BioCPTRetriever(index, password=Secret.from_env_var("WARD_PASSWORD", strict=False)).to_dict()
    copy = json.loads(json.dumps(stored))
    BioCPTRetriever.from_dict(stored)
    assert stored == copy


def test_an_asynchronous_pipeline_answers_the_same(home: Path, index: str, searcher: Searcher) -> None:
    rag = pipeline(BioCPTRetriever(index, home=str(home), top_k=3))

    async def several() -> list[dict[str, Any]]:
        return await asyncio.gather(*(rag.run_async(ASKED) for _ in range(3)))

    assert [made["prompt"]["prompt"] for made in asyncio.run(several())] == [prompt(searcher, limit=3)] * 3


def test_an_agent_that_has_it_as_a_tool_is_told_what_to_say(retriever: BioCPTRetriever) -> None:
    tool = ComponentTool(component=retriever, name="pubmed", description="Finds articles.")
    told = tool.tool_spec["parameters"]["properties"]
    assert "plain words" in told["query"]["description"]
    assert [field for field in FIELDS if field not in told["filters"]["description"]] == []
    assert tool.invoke(query=QUESTION, top_k=2) == retriever.run(QUESTION, top_k=2)


def test_closing_lets_go_and_the_next_run_opens_again(home: Path, index: str) -> None:
    retriever = BioCPTRetriever(index, home=str(home), mode="lexical", rerank="none", top_k=2)
    before = retriever.run(QUESTION)
    retriever.close()
    retriever.close()
    assert retriever.run(QUESTION) == before


def test_nothing_is_opened_before_it_is_warm(tmp_path: Path) -> None:
    retriever = BioCPTRetriever(str(tmp_path / "nowhere"))
    with pytest.raises(IndexerError, match="nowhere"):
        retriever.warm_up()


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        ({"settings": {"rerank_dept": 3}}, InvalidRequest, "Unknown setting 'rerank_dept'"),
        ({"top_k": 0}, InvalidRequest, "limit is 0"),
        ({"run_options": {"precision": "int4"}}, BadRunOption, "int4"),
        ({"filters": {"field": "meta.impact", "operator": ">", "value": 5}}, UntranslatableFilter, "impact"),
    ],
)
def test_what_has_no_meaning_is_refused_when_it_is_made(
    wrong: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        BioCPTRetriever("anywhere", **wrong)


def test_an_empty_question_is_refused(retriever: BioCPTRetriever) -> None:
    with pytest.raises(EmptyQuery):
        retriever.run(" ")


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ({"operator": "XOR", "conditions": [RECENT]}, "Unknown operator 'XOR'"),
        ({"field": "meta.year", "value": 3}, "has no 'operator'"),
        ({"field": "meta.year", "operator": "=="}, "has no 'value'"),
        ({"operator": "AND"}, "has no 'conditions'"),
        ({"operator": "AND", "conditions": ["year"]}, "not 'year'"),
        ({"year": 2015}, "has no 'operator'"),
    ],
)
def test_a_filter_that_is_none_is_refused(filters: dict[str, Any], said: str) -> None:
    with pytest.raises(UntranslatableFilter) as caught:
        translated(filters)
    assert said in str(caught.value)


years = st.sampled_from([2011, 2012, 2015, 2016, 2019])
comparisons = st.one_of(
    st.tuples(st.just("meta.year"), st.sampled_from(["==", "!=", ">", ">=", "<", "<="]), years),
    st.tuples(st.just("meta.year"), st.sampled_from(["in", "not in"]), st.lists(years, max_size=3)),
    st.tuples(st.just("meta.journal"), st.sampled_from(["==", "!="]), st.sampled_from([*JOURNALS, "Nowhere"])),
    st.tuples(st.just("meta.retracted"), st.sampled_from(["==", "!="]), st.booleans()),
    st.tuples(
        st.just("id"), st.sampled_from(["in", "not in"]), st.lists(st.sampled_from(sorted(ARTICLES)), max_size=9)
    ),
).map(lambda parts: dict(zip(("field", "operator", "value"), parts, strict=True)))
trees = st.recursive(
    comparisons,
    lambda inner: st.builds(
        lambda operator, conditions: {"operator": operator, "conditions": conditions},
        st.sampled_from(["AND", "OR", "NOT"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


@settings(max_examples=50)
@given(filters=trees)
def test_filters_let_through_what_haystack_itself_lets_through(searcher: Searcher, filters: dict[str, Any]) -> None:
    everything = searcher.search(SearchRequest("clinical study", mode="dense", rerank=False, limit=100)).results
    documents = [Document(id=result.id, content="", meta=retrieving.metadata(result)) for result in everything]
    expected = {document.id for document in documents if document_matches_filter(filters, document)}
    asked = SearchRequest(
        "clinical study", mode="dense", rerank=False, limit=100, filters=Filters(also=translated(filters))
    )
    assert {result.id for result in searcher.search(asked).results} == expected


def test_a_password_in_the_url_is_refused_before_a_pipeline_could_be_stored_with_it() -> None:
    for url in ("https://ann:hunter2@search.example:9200/pubmed", "ann:hunter2@search.example:9200/pubmed"):
        with pytest.raises(IndexerError) as refused:
            BioCPTRetriever(url)
        assert "hunter2" not in str(refused.value)


def test_a_policy_by_its_name_is_the_policy(index: str) -> None:
    retriever = BioCPTRetriever(index, filter_policy="merge")  # type: ignore[arg-type]
    assert retriever.filter_policy is FilterPolicy.MERGE
    assert retriever.to_dict()["init_parameters"]["filter_policy"] == "merge"


@pytest.mark.parametrize(
    "wrong", [{"mode": "both"}, {"rerank": "best"}, {"settings": {"depth": "100"}}, {"top_k": "3"}, {"top_k": 2.5}]
)
def test_values_of_no_meaning_are_refused_when_the_component_is_made(index: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        BioCPTRetriever(index, **wrong)


def nested(depth: int) -> dict[str, Any]:
    return RECENT if depth == 0 else {"operator": "NOT", "conditions": [nested(depth - 1)]}


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"query": None}, InvalidRequest),
        ({"query": QUESTION, "top_k": "3"}, InvalidRequest),
        ({"query": QUESTION, "filters": {"operator": "AND", "conditions": None}}, UntranslatableFilter),
        ({"query": QUESTION, "filters": {**RECENT, "operator": ["=="]}}, UntranslatableFilter),
        ({"query": QUESTION, "filters": nested(400)}, UntranslatableFilter),
    ],
)
def test_what_a_model_calls_the_tool_with_may_be_of_any_kind(
    retriever: BioCPTRetriever, asked: dict[str, Any], error: type[InvalidRequest]
) -> None:
    with pytest.raises(error):
        retriever.run(**asked)


@pytest.mark.parametrize("said", [{"user": "ann", "password": "hunter2"}, {"api_key": "hunter2"}])
def test_a_secret_as_plain_text_is_refused_without_showing_it(said: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match=r"is a Secret of Haystack.*Secret\.from_env_var") as refused:
        BioCPTRetriever("https://search.example/pubmed", **said)
    assert "hunter2" not in str(refused.value)
