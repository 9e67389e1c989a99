"""What every engine promises about its ranked lists (`indexer.engines.protocol`), run over each implementation."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from indexer.article import Article
from indexer.engines.protocol import Reader, VectorSpace
from indexer.errors import IndexerError
from indexer.queries import And, Hit, Lexical, Match, Nearest, Not, Or, Phrase, Query, Range, Term, best_first
from tests.indexer.engines.contract import ALL, COSINE, SPACE, Engine, an_index, article, ids, load, nearest, vector


def test_equal_scores_stand_by_id_even_at_the_cut(engine: Engine) -> None:
    names = [str(n) for n in range(300)]
    reader = load(engine, [article(id, "heart valve") for id in reversed(names)])
    assert ids(reader, Match("heart"), k=120) == sorted(names)[:120]
    assert ids(reader, And(()), k=7) == sorted(names)[:7]


def test_equal_vectors_stand_by_id_even_at_the_cut(engine: Engine) -> None:
    writer = engine.writer(SPACE)
    names = [str(n) for n in range(40)]
    writer.write([article(id) for id in names], dict.fromkeys(names, vector(1)))
    writer.commit()
    writer.close()
    assert nearest(engine.reader(), vector(1), k=15) == sorted(names)[:15]


def test_lists_are_best_first_and_at_most_k_long(engine: Engine) -> None:
    reader = load(engine, [article(str(n), "heart " + "valve " * (n % 5)) for n in range(40)])
    for hits in reader.search([Lexical(Match("valve heart"), 11), Nearest(vector(99), 11)]):
        assert len(hits) == 11
        assert hits == best_first(hits)
    assert reader.search([Lexical(Match("heart"), 0), Nearest(vector(99), 0)]) == [[], []]


@pytest.mark.parametrize("text", ["", "   ", "the of and", "?! ()", 'a:b" AND (OR', "*", "\ud800"])
def test_no_question_text_is_an_error(engine: Engine, text: str) -> None:
    reader = load(engine, [article("1", "heart")])
    assert ids(reader, Match(text)) == []
    assert ids(reader, Phrase(text)) == []


def test_ten_thousand_words_are_answered(engine: Engine) -> None:
    reader = load(engine, [article("1", "heart"), article("2", "lung")])
    assert ids(reader, Match("heart " + " ".join(f"word{n}" for n in range(10_000)))) == ["1"]


def test_words_are_joined_by_or_and_fields_add_up(engine: Engine) -> None:
    reader = load(
        engine,
        [
            article("both", "heart attack", abstract="heart attack"),
            article("title", "heart attack", abstract="kidney stones"),
            article("abstract", "kidney stones", abstract="heart attack"),
            article("neither", "kidney stones", abstract="kidney stones"),
        ],
    )
    assert ids(reader, Match("heart aneurysm")) == ["both", "title", "abstract"]


def test_a_question_may_bring_boosts_of_its_own(engine: Engine) -> None:
    reader = load(
        engine,
        [
            article("title", "heart attack", abstract="kidney stones"),
            article("abstract", "kidney stones", abstract="heart attack"),
            article("keyword", "kidney stones", keywords=("heart", "attack")),
            article("neither", "kidney stones", abstract="kidney stones"),
        ],
    )
    assert ids(reader, Match("heart")) == ["title", "abstract", "keyword"]
    assert ids(reader, Match("heart", (("keyword_text", 9.0),)))[0] == "keyword"
    assert ids(reader, Match("heart", (("keyword_text", 0.0),))) == ["title", "abstract"]
    alone = (("title_abstract", 0.0), ("keyword_text", 0.0), ("abstract", 1.0))
    assert ids(reader, Match("heart", alone)) == ["abstract"]
    doubled, plain = (
        reader.search([Lexical(Match("heart", (("keyword_text", boost),)), 9)])[0][0] for boost in (20.0, 10.0)
    )
    assert doubled.id == "keyword"
    assert doubled.score == pytest.approx(2 * plain.score, rel=1e-5)


def test_a_boost_of_what_is_no_text_is_refused(filtered: Reader) -> None:
    with pytest.raises(IndexerError, match=r"'journal'.*keyword_text"):
        ids(filtered, Match("heart", (("journal", 1.0),)))


def test_a_phrase_stands_in_one_field_in_order(engine: Engine) -> None:
    reader = load(
        engine,
        [
            article("1", "breast cancer survival"),
            article("2", "cancer of breast"),
            article("3", "breast", abstract="cancer"),
            article("4", "screening", abstract="early breast cancer"),
        ],
    )
    assert set(ids(reader, Phrase("breast cancer"))) == {"1", "4"}


FILTERED = [
    article(
        str(n),
        ("heart", "lung", "heart lung")[n % 3],
        year=None if n % 7 == 0 else 2000 + n % 10,
        journal=("The Lancet", "BMJ")[n % 2],
        languages=("eng", "ger")[: 1 + n % 2],
        publication_types=("Review",) if n % 4 == 0 else ("Retracted Publication", "Journal Article"),
    )
    for n in range(60)
]

CONDITIONS: list[tuple[Query, Callable[[Article], bool]]] = [
    (Term("journal", ("the LANCET",)), lambda a: a.journal == "The Lancet"),
    (Term("type", ("review", "none")), lambda a: "Review" in a.publication_types),
    (Term("flag", ("retracted",)), lambda a: a.is_retracted),
    (Term("id", ("1", "5", "77")), lambda a: a.id in ("1", "5")),
    (Term("language", ()), lambda _: False),
    (Range("year", 2003, 2005), lambda a: a.year in (2003, 2004, 2005)),
    (Range("year", 2005, None), lambda a: a.year is not None and a.year >= 2005),
    (Range("year", None, 2004), lambda a: a.year is not None and a.year <= 2004),
    (Range("year", 2005, 2004), lambda _: False),
    (Range("year", -(10**30), 10**30), lambda a: a.year is not None),
    (Not(Range("year", 2003, None)), lambda a: a.year is None or a.year < 2003),
    (Not(Not(Match("heart"))), lambda a: "heart" in a.title),
    (And((Match("heart"), Not(Match("lung")))), lambda a: a.title == "heart"),
    (And((Not(Match("heart")), Not(Term("journal", ("bmj",))))), lambda a: a.title == "lung" and a.journal != "BMJ"),
    (Or((Match("lung"), Term("language", ("ger",)))), lambda a: "lung" in a.title or "ger" in a.languages),
    (Or(()), lambda _: False),
    (And(()), lambda _: True),
    (
        And((Or((Match("heart"), Match("lung"))), Term("journal", ("BMJ",)), Range("year", 2001, 2009))),
        lambda a: a.journal == "BMJ" and a.year is not None and a.year >= 2001,
    ),
]


@pytest.fixture(params=ALL, scope="module")
def filtered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with an_index(request, tmp_path_factory.mktemp("filtered")) as engine:
        reader = load(engine, FILTERED)
        yield reader
        reader.close()


@pytest.mark.parametrize("place", range(len(CONDITIONS)))
def test_conditions_mean_what_they_say(filtered: Reader, place: int) -> None:
    query, holds = CONDITIONS[place]
    wanted = {a.id for a in FILTERED if holds(a)}
    assert set(ids(filtered, query)) == wanted
    assert set(ids(filtered, And(()), within=query)) == wanted
    assert set(nearest(filtered, vector(7), within=query)) == wanted


@pytest.mark.parametrize("place", range(len(CONDITIONS)))
def test_a_filter_drops_hits_and_leaves_their_scores(filtered: Reader, place: int) -> None:
    query, holds = CONDITIONS[place]
    allowed = {a.id for a in FILTERED if holds(a)}
    free, inside = filtered.search([Lexical(Match("heart lung"), 100), Lexical(Match("heart lung"), 100, query)])
    assert inside == [hit for hit in free if hit.id in allowed]
    question = vector(7)
    free, inside = filtered.search([Nearest(question, 100), Nearest(question, 5, query)])
    assert inside == [hit for hit in free if hit.id in allowed][:5]


@pytest.mark.parametrize("space", [SPACE, COSINE])
def test_nearest_is_what_numpy_computes(engine: Engine, space: VectorSpace) -> None:
    reader = load(engine, [article(f"{n:03}") for n in range(200)], space=space)
    stored = np.stack([vector(n) for n in range(200)]).astype(np.float64)
    question = vector(1000) * 3
    scores = stored @ question
    if space.similarity == "cosine":
        scores = scores / np.linalg.norm(stored, axis=1) / np.linalg.norm(question.astype(np.float64))
    best = np.argsort(-scores)[:20]
    (hits,) = reader.search([Nearest(question, 20)])
    assert [hit.id for hit in hits] == [f"{n:03}" for n in best]
    np.testing.assert_allclose([hit.score for hit in hits], scores[best], rtol=1e-6)


def test_a_vector_of_another_width_is_refused(engine: Engine) -> None:
    reader = load(engine, [article("1")])
    with pytest.raises(IndexerError):
        reader.search([Nearest(np.zeros(5, np.float32), 3)])


def test_an_index_without_vectors_answers_words_alone(engine: Engine) -> None:
    reader = load(engine, [article("1", "heart")], space=None)
    assert ids(reader, Match("heart")) == ["1"]
    assert reader.vectors(["1"]) == [None]
    assert reader.info().space is None
    with pytest.raises(IndexerError):
        reader.search([Nearest(vector(1), 3)])


def test_unknown_fields_are_refused_by_name(filtered: Reader) -> None:
    if filtered.info().engine == "list":
        pytest.skip("the double in memory trusts its callers")
    with pytest.raises(IndexerError, match=r"'author'.*journal"):
        ids(filtered, Term("author", ("x",)))
    with pytest.raises(IndexerError, match=r"'journal'.*year"):
        ids(filtered, Range("journal", 1, 2))


def test_threads_share_a_reader(filtered: Reader) -> None:
    def ask(seed: int) -> list[list[Hit]]:
        inside = Range("year", 2000 + seed % 3, None)
        return filtered.search([Lexical(Match("heart"), 20, inside), Nearest(vector(seed), 20, inside)])

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(ask, range(40)))
    assert together == [ask(seed) for seed in range(40)]
