"""What is drawn from a query's passages in an epoch."""

import pytest

pytest.importorskip("torch")

from onnx_models.training.dataset import Passage, RankList
from onnx_models.training.draws import draw


def ranked(positives: int = 3, negatives: int = 40, *, query_id: str = "q") -> RankList:
    """Positives p0, p1 … with 1, 2 … clicks; negatives n0, n1 …; a passage's score is its number, less than 0 for n."""
    return RankList(
        query_id=query_id,
        query="moss",
        positives=tuple((Passage(f"p{row}", f"p{row}", "good"), row + 1) for row in range(positives)),
        negatives=tuple(Passage(f"n{row}", f"n{row}", "bad") for row in range(negatives)),
        scores=(*map(float, range(positives)), *(-1.0 - row for row in range(negatives))),
    )


def test_one_positive_comes_first_and_others_follow_without_repetition() -> None:
    drawn = draw(ranked(), seed=1, epoch=0, negatives=31)
    titles = [title for title, _ in drawn.passages]
    assert titles[0].startswith("p")
    assert all(title.startswith("n") for title in titles[1:])
    assert len(set(titles)) == 32


def test_clicks_and_teacher_are_those_of_the_passages_drawn() -> None:
    for epoch in range(10):
        drawn = draw(ranked(), seed=1, epoch=epoch, negatives=5)
        (positive, _), *others = drawn.passages
        assert drawn.clicks == int(positive[1:]) + 1
        assert drawn.teacher == (float(positive[1:]), *(-1.0 - int(title[1:]) for title, _ in others))


def test_a_query_with_fewer_negatives_gives_all_it_has() -> None:
    drawn = draw(ranked(negatives=4), seed=1, epoch=0, negatives=31)
    assert {title for title, _ in drawn.passages[1:]} == {"n0", "n1", "n2", "n3"}


def test_a_draw_depends_on_seed_epoch_and_query_alone() -> None:
    assert draw(ranked(), seed=1, epoch=2, negatives=9) == draw(ranked(), seed=1, epoch=2, negatives=9)
    draws = {
        draw(ranked(query_id=id), seed=s, epoch=e, negatives=9).passages for id in "ab" for s in (1, 2) for e in (1, 2)
    }
    assert len(draws) == 8


def test_each_positive_is_drawn_as_often_as_another() -> None:
    """600 draws of 3: 200 each is expected, with a standard deviation of 11.5; 6 of them are allowed."""
    drawn = [draw(ranked(), seed=1, epoch=epoch, negatives=1).clicks for epoch in range(600)]
    assert all(130 < drawn.count(clicks) < 270 for clicks in (1, 2, 3))
