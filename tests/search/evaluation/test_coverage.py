import pytest

from indexer.article import Article
from search.errors import LowCoverage
from search.evaluation import coverage
from search.evaluation.evaluation import CoverageFigures
from tests.doubles import ListIndex, ListReader

QRELS = {"one": {"ferry": 2, "barge": 0, "eel": 1}, "two": {"ferry": 0, "kelp": -1}}


def holding(*ids: str) -> ListReader:
    index = ListIndex()
    writer = index.open_writer()
    writer.write([Article(id=id, title=f"Of {id}") for id in ids], {})
    writer.commit()
    return index.open_reader()


def test_articles_count_once_however_often_they_are_judged() -> None:
    held = coverage.held(QRELS, holding("ferry", "kelp", "other"))
    assert held == {"ferry", "kelp"}
    assert coverage.figures(QRELS, held) == CoverageFigures(judged=4, held=2, relevant=2, relevant_held=1)


def test_more_articles_than_are_fetched_at_once_are_all_counted() -> None:
    ids = [f"a{number}" for number in range(1_203)]
    held = coverage.held({"one": dict.fromkeys(ids, 1)}, holding(*ids[:-1]))
    assert held == set(ids[:-1])


def test_half_of_the_judged_articles_is_enough() -> None:
    coverage.require(CoverageFigures(judged=4, held=2, relevant=2, relevant_held=0), "shelf")


def test_less_than_half_is_refused_with_the_counts_and_what_to_do() -> None:
    found = CoverageFigures(judged=2_000, held=999, relevant=2, relevant_held=2)
    with pytest.raises(LowCoverage, match=r"Index 'shelf' holds 999 of the 2,000 judged articles \(50.0%\).*--force"):
        coverage.require(found, "shelf")
    coverage.require(found, "shelf", force=True)


def test_no_judgements_lack_nothing() -> None:
    nothing = coverage.figures({}, coverage.held({}, holding("ferry")))
    assert nothing == CoverageFigures(judged=0, held=0, relevant=0, relevant_held=0)
    coverage.require(nothing, "shelf")
