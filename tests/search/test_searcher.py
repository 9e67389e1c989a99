"""The searcher against the lists that its index gives, on small real indexes."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.article import Article, Deletion
from indexer.queries import Lexical, Match, Nearest
from onnx_models.reranker import RerankerKind
from search.errors import (
    ArticleWithoutVector,
    EmptyQuery,
    InvalidRequest,
    NoVectors,
    PageBeyondDepth,
    UnknownArticle,
)
from search.filters import Filters
from search.fusion import FUSIONS, FusionOptions
from search.request import SearchRequest
from search.searcher import Searcher
from tests.doubles import HashEncoder, ListIndex, ListReader

ENCODER = HashEncoder()
TOPICS = ("statins", "cancer", "survival", "kidney", "sleep", "asthma", "malaria", "gout")


class TitleLast:
    """A re-ranker that likes titles late in the alphabet."""

    name = "title-last"
    kind: RerankerKind = "cross"

    def score(self, query: str, passages: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        return np.array([sum(map(ord, title)) for title, _ in passages], np.float32)


def corpus() -> list[Article]:
    articles = [
        Article(
            id=str(100 + at),
            title=f"{TOPICS[at % 8]} and {TOPICS[at // 8]}",
            abstract=f"A study of {TOPICS[at % 8]} with {TOPICS[(at + 3) % 8]}.",
            year=2000 + at % 20,
            publication_types=("Retracted Publication",) if at == 3 else ("Journal Article",),
        )
        for at in range(40)
    ]
    return [*articles, Article(id="empty")]


def index(articles: Sequence[Article] = (), *, vectors: bool = True) -> ListIndex:
    made = ListIndex(ENCODER.space if vectors else None)
    writer = made.open_writer()
    articles = articles or corpus()
    with_text = [article for article in articles if article.has_text] if vectors else []
    rows = ENCODER.encode([article.passage for article in with_text])
    writer.write(articles, {article.id: row for article, row in zip(with_text, rows, strict=True)})
    writer.commit()
    writer.close()
    return made


@pytest.fixture
def searcher() -> Searcher:
    return Searcher(index().open_reader(), ENCODER)


def ids(found: Searcher, request: SearchRequest) -> list[str]:
    return [result.id for result in found.search(request).results]


@pytest.mark.parametrize("fusion", ["rrf", "interpolate"])
def test_hybrid_is_a_fusion_of_the_two_lists_that_the_index_gives(searcher: Searcher, fusion: str) -> None:
    query = "statins and cancer survival"
    lexical, dense = searcher.index.search([Lexical(Match(query), 20), Nearest(ENCODER.encode([query])[0], 20)])
    fused = FUSIONS[fusion]({"lexical": lexical, "dense": dense}, FusionOptions())[:20]
    response = searcher.search(SearchRequest(query=query, fusion=fusion, depth=20, limit=20))
    assert [(result.id, result.score) for result in response.results] == fused
    top = response.results[0]
    assert top.places["lexical"].rank == [hit.id for hit in lexical].index(top.id) + 1
    assert top.places["dense"].score == dict(dense)[top.id]
    assert top.fused is not None
    assert top.fused.rank == 1


@pytest.mark.parametrize("mode", ["lexical", "dense"])
def test_a_single_list_keeps_its_scores(searcher: Searcher, mode: str) -> None:
    request = SearchRequest(query="asthma", mode=mode, limit=5)  # type: ignore[arg-type]
    response = searcher.search(request)
    assert [result.score for result in response.results] == [r.places[mode].score for r in response.results]
    assert all(result.fused is None for result in response.results)


def test_pages_are_cut_from_one_order(searcher: Searcher) -> None:
    whole = ids(searcher, SearchRequest(query="sleep asthma", depth=30, limit=30))
    pages = [ids(searcher, SearchRequest(query="sleep asthma", depth=30, limit=7, offset=at)) for at in range(0, 30, 7)]
    assert [id for page in pages for id in page] == whole
    second = searcher.search(SearchRequest(query="sleep asthma", depth=30, limit=7, offset=7))
    assert [result.rank for result in second.results] == list(range(8, 15))


def test_pages_of_a_reranked_list_are_cut_from_one_order() -> None:
    found = Searcher(index().open_reader(), ENCODER, TitleLast())
    whole = ids(found, SearchRequest(query="gout", depth=30, limit=30, rerank_depth=10))
    pages = [
        ids(found, SearchRequest(query="gout", depth=30, limit=6, offset=at, rerank_depth=10)) for at in (0, 6, 12)
    ]
    assert [id for page in pages for id in page] == whole[:18]


def test_the_reranker_orders_its_window_and_says_so() -> None:
    found = Searcher(index().open_reader(), ENCODER, TitleLast())
    plain = ids(found, SearchRequest(query="malaria", rerank=False, limit=100))
    response = found.search(SearchRequest(query="malaria", rerank_depth=8, limit=100))
    window = response.results[:8]
    assert sorted(result.id for result in window) == sorted(plain[:8])
    assert [result.id for result in response.results[8:]] == plain[8:]
    scores = [sum(map(ord, result.article.title)) for result in window]
    assert scores == sorted(scores, reverse=True)
    assert [result.reranked.rank for result in window if result.reranked] == list(range(1, 9))
    assert all(result.reranked is None for result in response.results[8:])
    assert response.reranker == "title-last"


def test_filters_apply_inside_both_lists(searcher: Searcher) -> None:
    filters = Filters(years=(2005, 2008), no_retracted=True)
    response = searcher.search(SearchRequest(query="statins", filters=filters, limit=100))
    # Years 2005..2008 come twice among forty articles; each is near to any query to some degree.
    assert len(response.results) == 8
    assert {result.article.year for result in response.results} == {2005, 2006, 2007, 2008}


def test_sorting_by_date_reorders_the_same_candidates_newest_first(searcher: Searcher) -> None:
    request = SearchRequest(query="kidney", depth=15, limit=15)
    dated = searcher.search(SearchRequest(query="kidney", depth=15, limit=15, sort="date"))
    assert sorted(ids(searcher, request)) == sorted(result.id for result in dated.results)
    years = [result.article.year or 0 for result in dated.results]
    assert years == sorted(years, reverse=True)


def test_many_requests_get_the_answers_that_each_gets_alone(searcher: Searcher) -> None:
    requests = [
        SearchRequest(query=f"{TOPICS[at % 8]} {at}", mode="lexical" if at % 3 == 0 else "hybrid") for at in range(150)
    ]
    together = [[r.id for r in response.results] for response in searcher.search_all(requests)]
    assert together == [ids(searcher, request) for request in requests]


def test_a_text_is_asked_as_a_request_of_that_text(searcher: Searcher) -> None:
    assert [r.id for r in searcher.search("kidney").results] == ids(searcher, SearchRequest("kidney"))
    mixed = searcher.search_all(["kidney", SearchRequest("gout", limit=2)])
    assert [len(response.results) for response in mixed] == [10, 2]


def test_a_searcher_lets_go_of_its_index_at_the_end_of_a_with_block() -> None:
    closed: list[bool] = []

    class Noted(ListReader):
        def close(self) -> None:
            closed.append(True)

    with Searcher(Noted(index()), ENCODER) as opened:
        assert opened.search("kidney").results
        assert closed == []
    assert closed == [True]


def test_similar_articles_are_the_nearest_by_article_vectors_without_itself(searcher: Searcher) -> None:
    (vector,) = searcher.index.vectors(["107"])
    assert vector is not None
    (nearest,) = searcher.index.search([Nearest(vector, 6)])
    response = searcher.similar("107", limit=5)
    assert [result.id for result in response.results] == [hit.id for hit in nearest if hit.id != "107"]


def test_similar_to_what_is_not_there_or_has_no_vector_is_refused(searcher: Searcher) -> None:
    with pytest.raises(UnknownArticle, match="'999'"):
        searcher.similar("999")
    with pytest.raises(ArticleWithoutVector, match="'empty'"):
        searcher.similar("empty")


@pytest.mark.parametrize("query", ["", " \t\n"])
def test_an_empty_query_is_refused(searcher: Searcher, query: str) -> None:
    with pytest.raises(EmptyQuery):
        searcher.search(SearchRequest(query=query))


def test_a_query_of_stop_words_has_no_lexical_list_and_says_so(searcher: Searcher) -> None:
    response = searcher.search(SearchRequest(query="of the and", mode="lexical"))
    assert response.results == ()
    assert "stop words" in response.notes[0]
    assert len(searcher.search(SearchRequest(query="of the and")).results) == 10


def test_ten_thousand_words_are_answered(searcher: Searcher) -> None:
    query = " ".join(TOPICS[at % 8] for at in range(10_000))
    assert len(searcher.search(SearchRequest(query=query)).results) == 10


def test_an_index_without_vectors_answers_lexically_and_refuses_dense_lists() -> None:
    found = Searcher(index(vectors=False).open_reader(), None)
    assert ids(found, SearchRequest(query="gout", mode="lexical"))
    with pytest.raises(NoVectors, match="--mode lexical"):
        found.search(SearchRequest(query="gout"))


def test_a_searcher_without_an_encoder_refuses_to_encode() -> None:
    with pytest.raises(InvalidRequest, match="without a query encoder"):
        Searcher(index().open_reader(), None).search(SearchRequest(query="gout"))


def test_an_article_deleted_since_its_list_was_made_leaves_no_hole() -> None:
    made = index()
    reader = made.open_reader()
    found = Searcher(reader, ENCODER)
    first = ids(found, SearchRequest(query="gout", limit=3))
    writer = made.open_writer()
    writer.delete([Deletion(id=first[0], order=9)])
    writer.commit()
    reader.refresh()
    assert first[0] not in ids(found, SearchRequest(query="gout", limit=3))


def test_lists_that_are_known_are_ordered_as_a_search_orders_them() -> None:
    searcher = Searcher(index().open_reader(), ENCODER, TitleLast())
    for request in (SearchRequest(query="statins asthma", depth=20), SearchRequest(query="gout", rerank=False)):
        ranking = next(searcher.rank_all([request]))
        again = searcher.order(request, ranking.lists)
        assert (again.fused, again.reranked) == (ranking.fused, ranking.reranked)


def test_a_request_may_bring_boosts_of_its_own() -> None:
    articles = [Article(id="1", title="gout"), Article(id="2", title="kidney", keywords=("gout",))]
    searcher = Searcher(index(articles).open_reader(), None)
    request = SearchRequest(query="gout", mode="lexical", boosts=(("keyword_text", 50.0),))
    assert [result.id for result in searcher.search(request).results] == ["2", "1"]
    with pytest.raises(InvalidRequest, match=r"boost of 'keyword_text' is -1"):
        SearchRequest(query="gout", boosts=(("keyword_text", -1),))


def test_an_unknown_fusion_lists_the_known_ones(searcher: Searcher) -> None:
    with pytest.raises(InvalidRequest, match=r"'borda'\. Known: rrf, interpolate"):
        searcher.search(SearchRequest(query="gout", fusion="borda"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"depth": 0}, "depth is 0"),
        ({"depth": 10_001}, "depth is 10001"),
        ({"limit": 0}, "limit is 0"),
        ({"offset": -1}, "offset is -1"),
        ({"dense_weight": 1.5}, "dense_weight is 1.5"),
        ({"rerank_mix": -0.1}, "rerank_mix is -0.1"),
        ({"rrf_k": 0}, "rrf_k is 0"),
    ],
)
def test_values_without_meaning_are_refused_with_their_bounds(options: dict[str, float], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        SearchRequest(query="q", **options)  # type: ignore[arg-type]


def test_a_page_behind_the_depth_is_refused() -> None:
    with pytest.raises(PageBeyondDepth, match="Offset 100 is not below the depth of 100"):
        SearchRequest(query="q", offset=100)


def test_every_stage_is_timed_and_the_total_is_their_sum(searcher: Searcher) -> None:
    seconds = dict(searcher.search(SearchRequest(query="gout")).seconds)
    total = seconds.pop("total")
    assert set(seconds) == {"encode", "retrieve", "fuse", "fetch", "snippets"}
    assert total == pytest.approx(sum(seconds.values()))
