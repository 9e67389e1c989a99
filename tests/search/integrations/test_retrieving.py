"""What all retrievers share: settings that are checked, scores that fall, metadata that JSON can hold."""

import json
import logging

import pytest

from indexer.article import Article
from search import Searcher, SearchRequest
from search.errors import InvalidRequest
from search.integrations import retrieving
from tests.search.integrations.invented import ARTICLES


def test_every_field_of_a_request_can_be_set() -> None:
    settings = {"mode": "lexical", "depth": 30, "rerank_depth": 5, "boosts": {"title": 2.0}}
    made = retrieving.request("aspirin", limit=7, settings=settings)
    expected = SearchRequest("aspirin", mode="lexical", depth=30, rerank_depth=5, boosts=(("title", 2.0),), limit=7)
    assert made == expected


def test_lists_are_as_deep_as_the_answers_that_are_wanted() -> None:
    assert retrieving.request("aspirin", limit=250).depth == 250
    assert retrieving.request("aspirin", limit=250, settings={"offset": 50}).depth == 300
    assert retrieving.request("aspirin", limit=5, settings={"depth": 40}).depth == 40


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rerank_dept": 5}, "Unknown setting 'rerank_dept'.*rerank_depth"),
        ({"depth": 0}, "depth is 0"),
        ({"limit": 3}, "limit"),
    ],
)
def test_a_setting_without_a_meaning_is_refused(settings: dict[str, int], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        retrieving.request("aspirin", limit=5, settings=settings)


def test_scores_never_rise_where_fused_scores_below_the_window_are_higher_than_logits(searcher: Searcher) -> None:
    """The tiny cross-encoder's logits and fused scores are different numbers; libraries sort by what they are given."""
    asked = retrieving.request("statins and stroke", limit=24, settings={"rerank_depth": 4})
    own = [result.score for result in searcher.search(asked).results]
    given = [found.score for found in retrieving.find(searcher, asked)]
    assert given == sorted(given, reverse=True)
    assert given == [min(own[: at + 1]) for at in range(len(own))]


def test_metadata_is_json_and_has_every_key_for_every_article(searcher: Searcher) -> None:
    found = retrieving.find(searcher, retrieving.request("aspirin", limit=24))
    assert len(found) == len(ARTICLES)
    assert len({tuple(each.metadata) for each in found}) == 1
    for each in found:
        assert json.loads(json.dumps(each.metadata)) == each.metadata
        article = ARTICLES[each.id]
        assert each.metadata["year"] == article.year
        assert each.metadata["extra"] == article.extra
        assert each.metadata["retracted"] == article.is_retracted
        assert each.metadata["url"] == (f"https://pubmed.ncbi.nlm.nih.gov/{article.pmid}/" if article.pmid else "")


@pytest.mark.parametrize(
    ("title", "abstract", "text"), [("T.", "A b.", "T.\nA b."), ("T.", "", "T."), ("", "A b.", "A b."), ("", "", "")]
)
def test_a_text_is_the_title_on_a_line_and_the_abstract(title: str, abstract: str, text: str) -> None:
    assert retrieving.text(Article(id="1", title=title, abstract=abstract)) == text


def test_what_a_reader_should_know_is_logged(searcher: Searcher, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        retrieving.find(searcher, retrieving.request("of the", limit=3, settings={"mode": "lexical"}))
    assert "stop words" in caplog.text
