"""Requests and answers as a reader of a Python session sees them."""

import dataclasses

import orjson

from indexer.article import Article, MeshHeading
from search import Filters, SearchRequest
from search.searcher import Searcher
from tests.doubles import HashEncoder
from tests.search.test_searcher import TitleLast, index


def searcher() -> Searcher:
    return Searcher(index().open_reader(), HashEncoder(), TitleLast())


def test_a_request_takes_its_question_without_a_name() -> None:
    assert SearchRequest("statins", limit=3) == SearchRequest(query="statins", limit=3)


def test_a_searcher_says_what_it_searches_and_with_what() -> None:
    assert repr(searcher()) == "<Searcher of 'memory': 41 articles, hash-article, title-last>"
    assert repr(Searcher(index().open_reader(), None)) == "<Searcher of 'memory': 41 articles>"


def test_an_answer_says_what_was_asked_and_how_much_came() -> None:
    response = searcher().search(SearchRequest("statins and cancer", limit=3))
    shown = "<SearchResponse to 'statins and cancer' (hybrid): 3 of 40 candidates, re-ranked by title-last>"
    assert repr(response) == shown
    assert repr(searcher().search(SearchRequest("gout", mode="lexical", rerank=False, limit=2))) == (
        "<SearchResponse to 'gout' (lexical): 2 of 10 candidates>"
    )  # five begin their title with it, five others end their abstract with it


def test_a_result_says_what_it_is_and_where_it_stood() -> None:
    result = searcher().search(SearchRequest("statins and cancer", mode="lexical", limit=1)).results[0]
    place = result.places["lexical"].rank
    assert result.ranks == {"lexical": place, "reranked": 1}
    assert repr(result) == (
        f"<Result 1. {result.article.title!r}, id {result.id!r}, score {result.score:.4f}, "
        f"lexical #{place}, reranked #1>"
    )


def test_a_retracted_article_is_marked() -> None:
    found = searcher().search(SearchRequest("kidney", filters=Filters(ids=("103", "111")), rerank=False)).results
    assert [" [RETRACTED], id '103'" in repr(result) for result in found] == [result.id == "103" for result in found]


def test_an_article_shows_what_is_known_of_it() -> None:
    assert repr(Article(id="1", title="T.", year=2015, mesh=(MeshHeading(name="Aspirin"),))) == (
        "Article(id='1', title='T.', year=2015, mesh=(MeshHeading(name='Aspirin', ui='', major=False, qualifiers=()),))"
    )
    article = Article(id="1", version=2, abstract="A.", extra={"ward": 7})
    assert eval(repr(article)) == article  # it names each field as its constructor does


def test_an_answer_can_be_taken_apart_as_json() -> None:
    response = searcher().search("statins and cancer")
    taken = orjson.loads(orjson.dumps(dataclasses.asdict(response)))
    assert [result["id"] for result in taken["results"]] == [result.id for result in response.results]
    assert taken["results"][0]["article"]["title"] == response.results[0].article.title
