from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.article import Article
from search.training.errors import BadTrainingData
from search.training.excluding import Exclusions, ids_in
from search.training.likeness import is_near_duplicate, shingles
from tests.search.training.articles import LOREM

WORDS = [f"word{n}" for n in range(40)]
TEXT = " ".join(WORDS)


def runs(text: str) -> set[tuple[str, ...]]:
    """All runs of five words, by the definition."""
    parts = text.lower().split()
    size = min(5, len(parts))
    return {tuple(parts[start : start + size]) for start in range(len(parts) - size + 1)} if parts else set()


@given(st.lists(st.sampled_from(["moon", "sun", "sea"]), max_size=30))
def test_there_is_a_number_for_each_run_of_five_words(parts: list[str]) -> None:
    assert len(shingles(" ".join(parts))) == len(runs(" ".join(parts)))


@given(*(st.lists(st.sampled_from(["moon", "sun", "sea", "sky"]), min_size=5, max_size=25) for _ in range(2)))
def test_near_duplicates_share_half_of_the_shorter_ones_runs(one: list[str], other: list[str]) -> None:
    first, second = " ".join(one), " ".join(other)
    shared = len(runs(first) & runs(second)) / min(len(runs(first)), len(runs(second)))
    assert is_near_duplicate(("", first), ("", second)) == (shared >= 0.5)
    articles = [Article(id="0", abstract="entirely other words in here"), Article(id="1", abstract=second)]
    exclusions = Exclusions(like=articles)
    assert (exclusions.why("2", "", first) == "excluded by text") == (shared >= 0.5)


@pytest.mark.parametrize(
    ("other", "is_like"),
    [
        (("", TEXT), True),
        (("", TEXT.upper().replace(" ", ", ")), True),
        (("", " ".join(WORDS[:30])), True),
        (("", " ".join([*WORDS[:20], *(f"other{n}" for n in range(20))])), False),
        (("", " ".join(reversed(WORDS))), False),
        (("", ""), False),
        (("A title of four words", ""), True),
        (("a TITLE of four words.", LOREM), True),
        (("A title of four", LOREM), False),
    ],
)
def test_articles_are_alike_by_title_or_by_text(other: tuple[str, str], is_like: bool) -> None:
    one = ("A title of four words", TEXT)
    assert is_near_duplicate(one, other) == is_like
    assert bool(Exclusions(like=[Article(id="1", title=one[0], abstract=one[1])]).why("2", *other)) == is_like


def test_short_titles_are_those_of_many_articles() -> None:
    assert not is_near_duplicate(("Letter to us", TEXT), ("Letter to us", LOREM))


def test_an_article_is_kept_out_by_its_id(tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("7\n\n8\tsomething else\n", encoding="utf-8")
    exclusions = Exclusions(ids_in([tmp_path / "ids"]), [Article(id="9", title="Any")])
    assert [exclusions.why(id, "", "x") for id in "6789"] == ["", *["excluded by id"] * 3]


def test_an_id_that_cannot_be_read_is_named_rather_than_let_into_training(tmp_path: Path) -> None:
    (tmp_path / "ids").write_bytes(b"12\n\xe913\n")
    with pytest.raises(BadTrainingData, match="line 2 is not UTF-8"):
        ids_in([tmp_path / "ids"])
