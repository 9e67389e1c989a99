import math

import pytest

from indexer.article import Article, Section
from indexer.queries import Hit
from onnx_models.training.dataset import Passage, RankList
from search.errors import BadScores, InvalidRequest
from search.request import SearchRequest
from search.reranking import Reranked
from search.response import Ranking
from search.training import cutting
from search.training.excluding import Exclusions
from search.training.negatives import Chooser, Chosen, MiningOptions
from search.training.own_structure import conclusion
from tests.search.training.searching import TableReranker, article, asking, index_of

ARTICLES = [article(number) for number in range(60)]


def ranking(articles: list[Article]) -> Ranking:
    """These, best first, with scores that fall by .01."""
    hits = [Hit(one.id, 1 - rank / 100) for rank, one in enumerate(articles)]
    return Ranking(request=SearchRequest("valve"), lists={}, fused=hits, reranked=Reranked(hits, []))


def choose(
    asked: RankList, options: MiningOptions, judge: TableReranker | None = None, found: list[Article] = ARTICLES
) -> Chosen:
    return Chooser(index_of(ARTICLES).open_reader(), judge, options).choose(asked, ranking(found))


def logit(share: float) -> float:
    return math.log(share / (1 - share))


ASKED = asking("q1", "valve", [ARTICLES[12]])


def test_negatives_come_from_the_window_alone_and_stand_by_rank() -> None:
    chosen = choose(ASKED, MiningOptions(from_rank=11, to_rank=20, store=32))
    # Ranks 11 to 20 are numbers 10 to 19; 12 answers the query.
    assert chosen.ids == tuple(f"p{number:03}" for number in (10, 11, 13, 14, 15, 16, 17, 18, 19))
    assert chosen.counts == {"candidates": 10, "known": 1, "mined": 9}


def test_as_many_as_asked_are_drawn_by_seed_and_query() -> None:
    options = MiningOptions(from_rank=1, to_rank=60, store=8)
    chosen = choose(ASKED, options)
    assert len(chosen.ids) == 8
    assert choose(ASKED, options).ids == chosen.ids
    assert choose(asking("q2", "valve", [ARTICLES[12]]), options).ids != chosen.ids
    assert choose(ASKED, MiningOptions(from_rank=1, to_rank=60, store=8, seed=7)).ids != chosen.ids


def test_every_rank_of_the_window_is_drawn_equally_often() -> None:
    options = MiningOptions(from_rank=1, to_rank=10, store=3)
    chooser = Chooser(index_of(ARTICLES).open_reader(), None, options)
    drawn = [chooser.choose(asking(f"q{n}", "valve", [ARTICLES[50]]), ranking(ARTICLES)).ids for n in range(1000)]
    times = [sum(f"p{number:03}" in ids for ids in drawn) for number in range(10)]
    # 1,000 draws of 3 in 10: 300 expected each, and 4.5 standard deviations are 65.
    assert all(235 < count < 365 for count in times)


def test_near_duplicates_of_a_positive_are_no_negatives() -> None:
    twin = Article(id="twin", title=ARTICLES[12].title + ".", abstract=ARTICLES[12].abstract)
    reader = index_of([*ARTICLES, twin]).open_reader()
    chooser = Chooser(reader, None, MiningOptions(from_rank=1, to_rank=5))
    chosen = chooser.choose(ASKED, ranking([twin, *ARTICLES[20:24]]))
    assert "twin" not in chosen.ids
    assert len(chosen.ids) == 4
    assert chosen.counts["near-duplicates"] == 1


def test_what_is_kept_out_of_training_is_no_negative() -> None:
    """By its id, and by its text under another id."""
    other = Article(id="test", title="", abstract=ARTICLES[22].abstract)
    keep_out = Exclusions(["p020"], [other])
    chooser = Chooser(index_of(ARTICLES).open_reader(), None, MiningOptions(from_rank=1, to_rank=5), keep_out)
    chosen = chooser.choose(ASKED, ranking(ARTICLES[20:25]))
    assert chosen.ids == ("p021", "p023", "p024")
    assert chosen.counts["kept out"] == 2


def test_the_negatives_of_a_title_have_no_title_either() -> None:
    cut = Passage(ARTICLES[12].id, "", ARTICLES[12].abstract)
    asked = RankList(query_id="q1", query=ARTICLES[12].title, positives=((cut, 1),))
    chosen = choose(asked, MiningOptions(from_rank=1, to_rank=5))
    assert chosen.cut == "titles"
    judge = TableReranker({"": 7})  # it is shown what the model will be shown
    assert choose(asked, MiningOptions(from_rank=1, to_rank=5, teach="rerank"), judge).scores is not None
    assert set(judge.read) == {""}


def test_the_negatives_of_a_conclusion_are_articles_with_a_conclusion_which_is_cut_out_of_them() -> None:
    def sectioned(id: str, words: str) -> Article:
        text = f"AIMS: To weigh {words}. RESULTS: All {words} were heavier than {id}. CONCLUSIONS: Weigh {words} twice."
        return Article(id=id, title=f"On {words}", abstract=text)

    structured = [sectioned("s1", "brass pumps"), sectioned("s2", "steel gears"), sectioned("s3", "oak barrels")]
    taken = conclusion(structured[0])
    assert not isinstance(taken, str)
    cut = Passage("s1", taken.title, taken.abstract)
    asked = RankList(query_id="q1", query=taken.query, positives=((cut, 1),))
    reader = index_of([*structured, ARTICLES[0]]).open_reader()
    judge = TableReranker({})
    chooser = Chooser(reader, judge, MiningOptions(from_rank=1, to_rank=4, teach="rerank"))
    chosen = chooser.choose(asked, ranking([*structured, ARTICLES[0]]))
    assert (chosen.ids, chosen.cut, chosen.counts["without such a text"]) == (("s2", "s3"), "conclusions", 1)


def test_an_article_of_which_the_conclusion_is_all_has_no_rest_to_read() -> None:
    sections = (Section(text="Pumps hum.", label="CONCLUSIONS"), Section(text=" "))
    found = Article(id="x", title="", abstract="CONCLUSIONS: Pumps hum.", sections=sections)
    assert cutting.cut("conclusions", found) is None


def test_articles_without_text_or_no_longer_there_are_counted() -> None:
    reader = index_of([*ARTICLES[:2], Article(id="empty")]).open_reader()
    chooser = Chooser(reader, None, MiningOptions(from_rank=1, to_rank=9))
    chosen = chooser.choose(ASKED, ranking([*ARTICLES[:3], Article(id="empty")]))
    assert (chosen.ids, chosen.counts["without such a text"]) == (("p000", "p001"), 2)


def test_what_the_reranker_takes_for_an_answer_is_dropped_and_made_up_for() -> None:
    scores = {ARTICLES[12].title: logit(0.8), ARTICLES[0].title: logit(0.79), ARTICLES[1].title: logit(0.7)}
    dropped = 0
    for seed in range(10):  # number 0 is drawn early or late
        options = MiningOptions(from_rank=1, to_rank=7, store=6, denoise=0.95, seed=seed)
        chosen = choose(ASKED, options, TableReranker(scores))
        # The bar is .95 × .8 = .76: number 0 is above it, number 1 below.
        assert chosen.ids == ("p001", "p002", "p003", "p004", "p005", "p006")
        dropped += chosen.counts["denoised"]
    assert 0 < dropped <= 10


def test_no_more_is_read_by_the_reranker_than_is_needed() -> None:
    judge = TableReranker({ARTICLES[12].title: 3})
    choose(ASKED, MiningOptions(from_rank=1, to_rank=60, store=4, denoise=0.95), judge)
    assert len(judge.read) == 5  # the positive and four that stay


def test_negatives_of_the_data_stay_before_the_mined_ones_and_are_scored_with_them() -> None:
    asked = asking("q1", "valve", [ARTICLES[12]], [ARTICLES[3], ARTICLES[40]])
    judge = TableReranker({ARTICLES[12].title: 4, ARTICLES[3].title: 1})
    chosen = choose(asked, MiningOptions(from_rank=1, to_rank=6, teach="rerank"), judge)
    assert chosen.ids == ("p000", "p001", "p002", "p004", "p005")
    assert chosen.scores is not None
    assert list(chosen.scores) == ["p012", "p003", "p040", "p000", "p001", "p002", "p004", "p005"]
    assert list(chosen.scores.values()) == [4, 1, *[-5] * 6]


def test_negatives_of_the_data_can_be_left_out_and_are_then_no_candidates_either() -> None:
    asked = asking("q1", "valve", [ARTICLES[12]], [ARTICLES[3]])
    chosen = choose(asked, MiningOptions(from_rank=1, to_rank=6, teach="search", drop_given=True))
    assert chosen.scores is not None
    assert list(chosen.scores) == ["p012", "p000", "p001", "p002", "p004", "p005"]


def test_the_search_teaches_with_its_own_scores_and_0_below_its_last() -> None:
    chosen = choose(ASKED, MiningOptions(from_rank=2, to_rank=3, teach="search"), found=ARTICLES[:5])
    # Scores 1, .99, .98, .97, .96; the positive was not found, and counts as the last.
    assert chosen.scores == pytest.approx({"p012": 0.96, "p001": 0.99, "p002": 0.98})


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(BadScores, match="'table-cross'"):
        choose(ASKED, MiningOptions(teach="mix"), TableReranker({ARTICLES[12].title: math.nan}))


def test_denoising_without_a_reranker_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="need a model set"):
        choose(ASKED, MiningOptions(denoise=0.9))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"from_rank": 0}, "Ranks 0 to 200"),
        ({"from_rank": 9, "to_rank": 8}, "Ranks 9 to 8"),
        ({"to_rank": 10_001}, "10,000"),
        ({"store": 0}, "store is 0"),
        ({"denoise": 1.5}, "denoise is 1.5"),
        ({"denoise": 0.0}, "denoise is 0.0"),
    ],
)
def test_options_without_meaning_are_refused(wrong: dict[str, float], says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        MiningOptions(**wrong)  # type: ignore[arg-type]
